import { BarChart, CustomChart, LineChart } from 'echarts/charts';
import { AriaComponent, GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import type { EChartsCoreOption } from 'echarts/core';

echarts.use([BarChart, CustomChart, LineChart, AriaComponent, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer]);

/** Colours by meaning; each pair differs in lightness too, so that they stay apart without colour. */
export interface Palette { ink: string; ink2: string; line: string; surface: string; blue: string; sky: string; orange: string; teal: string; violet: string; grey: string; ramp: string[] }

export function palette(): Palette {
  const dark = document.documentElement.dataset.theme === 'dark';
  return dark
    ? { ink: '#edf0f5', ink2: '#929cac', line: '#272e3a', surface: '#1b212b', blue: '#6ea6f5', sky: '#2f6fc4', orange: '#f0955a', teal: '#4cc3a4', violet: '#b79cf2', grey: '#6c778a', ramp: ['#18212d', '#1a2c45', '#1d3a61', '#214a80', '#265c9f', '#3574bf', '#79aeee'] }
    : { ink: '#171b24', ink2: '#626b7b', line: '#e9ecf1', surface: '#ffffff', blue: '#1f5fbf', sky: '#7fb0ec', orange: '#cc5512', teal: '#0b8468', violet: '#6a48b8', grey: '#8a93a3', ramp: ['#f3f7fd', '#e2edfb', '#cbdff7', '#aecdf2', '#8ab7eb', '#5c98df', '#1f5fbf'] };
}

/** The colour of a share of the most that the map shows, with the ink that is read best on it. */
export function shade(share: number): { ground: string; ink: string } {
  const { ramp } = palette();
  const at = Math.max(0, Math.min(1, share)) * (ramp.length - 1);
  const low = Math.min(ramp.length - 2, Math.floor(at));
  const ground = mix(ramp[low], ramp[low + 1], at - low);
  return { ground: hex(ground), ink: contrast(ground, [255, 255, 255]) >= contrast(ground, [0, 0, 0]) ? '#ffffff' : '#000000' };
}

type Colour = [number, number, number];
const parse = (text: string): Colour => [1, 3, 5].map(i => parseInt(text.slice(i, i + 2), 16)) as Colour;
const hex = (colour: Colour) => `#${colour.map(part => Math.round(part).toString(16).padStart(2, '0')).join('')}`;
const mix = (a: string, b: string, share: number) => parse(a).map((part, i) => part + (parse(b)[i] - part) * share) as Colour;

function luminance(colour: Colour): number {
  const [r, g, b] = colour.map(part => part / 255).map(part => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** WCAG's ratio. */
function contrast(a: Colour, b: Colour): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

/** What all charts have in common; `extra` is merged over it part by part. */
export function frame(spell: (value: number) => string, extra: { legend?: boolean; left?: number; min?: number | 'dataMin'; max?: number; scale?: boolean } = {}): EChartsCoreOption {
  const colours = palette();
  const text = { color: colours.ink2, fontFamily: 'Inter Variable, system-ui, sans-serif', fontSize: rem(0.86) };
  return {
    aria: { enabled: true },
    animationDuration: matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 350,
    animationDurationUpdate: 250,
    textStyle: text,
    grid: { left: 4, right: 12, top: extra.legend === false ? rem(0.86) : rem(2.9), bottom: 4, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    legend: { show: extra.legend !== false, top: 0, left: 0, icon: 'roundRect', itemWidth: rem(0.86), itemHeight: rem(0.57), itemGap: rem(1.3), textStyle: { ...text, color: colours.ink2 }, inactiveColor: colours.line },
    tooltip: {
      trigger: 'axis', confine: true, backgroundColor: colours.surface, borderColor: colours.line, borderWidth: 1, padding: [8, 12], textStyle: { ...text, color: colours.ink },
      axisPointer: { type: 'line', lineStyle: { color: colours.grey, width: 1, type: [3, 3] } }, extraCssText: 'box-shadow: 0 8px 28px rgb(10 14 22 / 18%); border-radius: 8px; font-variant-numeric: tabular-nums;',
    },
    xAxis: { type: 'category', axisTick: { show: false }, axisLine: { lineStyle: { color: colours.line } }, axisLabel: { ...text, hideOverlap: true, margin: 10 } },
    yAxis: { type: 'value', scale: extra.scale, min: extra.min, max: extra.max, splitNumber: 4, axisLabel: { ...text, formatter: (value: number) => spell(value) }, splitLine: { lineStyle: { color: colours.line } } },
  };
}

export function rem(count: number): number { return count * parseFloat(getComputedStyle(document.documentElement).fontSize); }

/** The axis of shares from a round tenth below the least to all. */
export function shares(lows: (number | null | undefined)[]): object {
  const least = Math.min(1, ...lows.filter(low => low !== null && low !== undefined));
  const min = Math.max(0, Math.floor(least * 5 - 0.25) / 5);
  return { min, max: 1, interval: (1 - min) / 4 };
}

/** The axis of durations in whole hours, or whole days where they last long. */
export function durations(values: (number | null | undefined)[]): object {
  const most = Math.max(60, ...values.map(value => value ?? 0));
  const steps = [15, 30, 60, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 432_000, 864_000, 2_592_000];
  const interval = steps.find(step => most / step <= 5) ?? 2_592_000;
  return { min: 0, interval, max: Math.ceil(most / interval) * interval };
}

/** A line with the values of periods in progress hollow. */
export function line(name: string, colour: string, values: (number | null)[], open: boolean[], more: object = {}): object {
  return {
    type: 'line', name, color: colour, symbol: 'circle', symbolSize: rem(0.5), showSymbol: values.length <= 40, lineStyle: { width: rem(0.16) }, emphasis: { disabled: true },
    data: values.map((value, i) => ({ value, itemStyle: open[i] ? { color: palette().surface, borderColor: colour, borderWidth: 2 } : { color: colour } })), ...more,
  };
}

/** The band of intervals behind a line. */
export function band(intervals: ([number, number] | null)[], colour: string): object {
  return {
    type: 'custom', silent: true, tooltip: { show: false }, z: 1, data: [[0, 0]], encode: { x: 0, y: 1 },
    renderItem: (_: unknown, api: { coord: (at: [number, number]) => number[] }) => {
      const parts: number[][][] = [];
      let run: number[] = [];
      intervals.forEach((interval, i) => {
        if (interval) run.push(i);
        if ((!interval || i === intervals.length - 1) && run.length) {
          parts.push([...run.map(j => api.coord([j, intervals[j]![1]])), ...run.reverse().map(j => api.coord([j, intervals[j]![0]]))]);
          run = [];
        }
      });
      return { type: 'group', children: parts.map(points => ({ type: 'polygon', shape: { points }, style: { fill: colour, opacity: 0.13 } })) };
    },
  };
}

const shown = new Map<HTMLElement, { chart: echarts.ECharts; option: () => EChartsCoreOption }>();

/** Draws a chart in an element, anew when its size or the theme changes, until the element leaves the page. */
export function draw(element: HTMLElement, option: () => EChartsCoreOption): echarts.ECharts {
  const chart = echarts.init(element, undefined, { renderer: 'canvas' });
  shown.set(element, { chart, option });
  const size = new ResizeObserver(() => {
    if (!element.isConnected) { size.disconnect(); chart.dispose(); shown.delete(element); return; }
    chart.resize();
  });
  size.observe(element);
  chart.setOption(option());
  return chart;
}

export function redraw(): void {
  for (const { chart, option } of shown.values()) if (!chart.isDisposed()) chart.setOption(option(), { notMerge: true });
}
