import { band, frame, line, palette, rem } from '../charts';
import { card, change, chart, fill, kpi, type Column, type Page } from '../card';
import { h } from '../dom';
import { compactMoney, interval, percent, period, signed, status, whole } from '../format';
import { t } from '../i18n';
import { question } from '../question';
import type { State } from '../state';

export interface RetentionRow {
  period: string; to: string; status: string; opening: number | null; acquired: number | null; reactivated: number | null; lapsed: number | null;
  closing: number | null; lost: number | null; retained: number | null; retentionRate: number | null; churnRate: number | null; interval: [number, number] | null;
}
interface RevenueRow { period: string; status: string; revenue: number | null; orders: number | null; averageOrderValue: number | null; repeatRateWindow: number | null }
interface RevenueRetentionRow { period: string; status: string; grr: number | null; nrr: number | null }
interface Rows<Row> { rows: Row[]; asOf: string }

export const isOpen = (row: { status: string }) => row.status === 'in_progress';
const observable = <Row extends { status: string }>(rows: Row[]) => rows.filter(row => row.status !== 'not_observable');

export function overview(state: State, page: Page): HTMLElement {
  const name = (row: { period: string }) => period(row.period, state.grain);
  const [retentionPath, revenuePath, netPath] = ['metrics/retention', 'metrics/revenue', 'metrics/revenue-retention'].map(metric => question(state, metric));

  const figures = h('div', { class: 'kpis', 'aria-busy': 'true' });
  page.shown.push({ refresh: showFigures });
  async function showFigures(): Promise<void> {
    const [retention, revenue, net] = await Promise.all([page.ask<Rows<RetentionRow>>(retentionPath), page.ask<Rows<RevenueRow>>(revenuePath), page.ask<Rows<RevenueRetentionRow>>(netPath)]);
    figures.removeAttribute('aria-busy');
    figures.replaceChildren(...kpis(retention.data.rows, revenue.data.rows, net.data.rows, name));
  }
  void showFigures().catch(() => figures.remove());

  const rate = card(t('retentionOverTime'), t('retentionNote'), 'two-thirds');
  const falls = card(t('waterfall'), '', 'third');
  const movement = card(t('movement'), t('movementNote'), 'half');
  const revenues = card(t('revenueRetention'), t('revenueRetentionNote'), 'half');
  let selected: string | null = null;

  fill<[Rows<RetentionRow>]>(page, rate, [retentionPath], ([{ rows: all }]) => {
    const rates = observable(all).filter(row => row.opening);
    if (rates.length === 0) return false;
    chart(rate, t('retentionOverTime'), rates, retentionColumns(name), () => {
      const colours = palette();
      const open = rates.map(isOpen);
      const option = frame(value => percent(value, 0), { min: 0, max: 1 });
      return {
        ...option,
        yAxis: { ...(option.yAxis as object), interval: 0.25 },
        xAxis: { ...(option.xAxis as object), data: rates.map(name) },
        tooltip: { ...(option.tooltip as object), formatter: (points: { dataIndex: number }[]) => retentionTip(rates[points[0].dataIndex], name) },
        series: [band(rates.map(row => row.interval), colours.blue), line(t('retentionRate'), colours.blue, rates.map(row => row.retentionRate), open), line(t('churnRate'), colours.orange, rates.map(row => row.churnRate), open)],
      };
    });
    return true;
  });

  const showWaterfall = (rows: RetentionRow[]) => {
    const row = rows.find(item => item.period === selected) ?? rows.findLast(item => item.status === 'complete') ?? rows.at(-1);
    if (!row || !rows.some(moved)) return false;
    falls.say(t('waterfallNote', isOpen(row) ? t('soFar', name(row)) : name(row)));
    waterfall(falls, row);
    return true;
  };
  fill<[Rows<RetentionRow>]>(page, falls, [retentionPath], ([{ rows }]) => showWaterfall(observable(rows)));

  fill<[Rows<RetentionRow>]>(page, movement, [retentionPath], ([{ rows: all }]) => {
    const rows = observable(all);
    if (!rows.some(moved)) return false;
    const drawn = chart(movement, t('movement'), rows, movementColumns(name), () => {
      const colours = palette();
      const option = frame(whole);
      const bars = (word: 'acquired' | 'reactivated' | 'lapsed', colour: string) => ({
        type: 'bar', name: t(word), stack: 'all', color: colour, barMaxWidth: 26, emphasis: { disabled: true },
        data: rows.map(row => ({ value: word === 'lapsed' ? -(row.lapsed ?? 0) : row[word], itemStyle: { opacity: isOpen(row) ? 0.55 : 1 } })),
      });
      return {
        ...option,
        xAxis: { ...(option.xAxis as object), data: rows.map(name), axisLine: { show: false } },
        yAxis: { ...(option.yAxis as object), axisLabel: { ...(option.yAxis as { axisLabel: object }).axisLabel, formatter: (value: number) => whole(Math.abs(value)) } },
        tooltip: { ...(option.tooltip as object), axisPointer: { type: 'shadow', shadowStyle: { opacity: 0.06 } }, formatter: (points: { dataIndex: number }[]) => movementTip(rows[points[0].dataIndex], name) },
        series: [bars('acquired', colours.blue), bars('reactivated', colours.teal), bars('lapsed', colours.orange)],
      };
    });
    drawn.getZr().on('click', event => {
      const at = drawn.convertFromPixel({ gridIndex: 0 }, [event.offsetX, event.offsetY])[0];
      if (!rows[at]) return;
      selected = rows[at].period;
      showWaterfall(rows);
    });
    return true;
  });

  fill<[Rows<RevenueRetentionRow>]>(page, revenues, [netPath], ([{ rows: all }]) => {
    const rows = observable(all).filter(row => row.nrr !== null);
    if (rows.length === 0) return false;
    chart(revenues, t('revenueRetention'), rows, [
      { name: t('period'), value: name, text: true }, { name: t('net'), value: row => percent(row.nrr) }, { name: t('gross'), value: row => percent(row.grr) }, { name: t('status'), value: row => status(row.status), text: true },
    ], () => {
      const colours = palette();
      const open = rows.map(isOpen);
      const option = frame(value => percent(value, 0), { min: 0 });
      return {
        ...option,
        xAxis: { ...(option.xAxis as object), data: rows.map(name) },
        tooltip: { ...(option.tooltip as object), valueFormatter: (value: number) => percent(value) },
        series: [line(t('net'), colours.blue, rows.map(row => row.nrr), open), line(t('gross'), colours.grey, rows.map(row => row.grr), open)],
      };
    });
    return true;
  });

  return h('div', {}, figures, h('div', { class: 'grid' }, rate.element, falls.element, movement.element, revenues.element));
}

/** Whether anybody was there, or came. */
const moved = (row: RetentionRow) => (row.opening ?? 0) + (row.acquired ?? 0) + (row.reactivated ?? 0) > 0;

function kpis(retention: RetentionRow[], revenue: RevenueRow[], net: RevenueRetentionRow[], name: (row: { period: string }) => string): HTMLElement[] {
  const complete = <Row extends { status: string }>(rows: Row[]) => rows.filter(row => row.status === 'complete').slice(-2);
  const [before, last] = pair(complete(retention));
  const [revenueBefore, revenueLast] = pair(complete(revenue));
  const [netBefore, netLast] = pair(complete(net));
  const points = (a: number | null | undefined, b: number | null | undefined) => (a == null || b == null ? null : (b - a) * 100);
  const share = (a: number | null | undefined, b: number | null | undefined) => (a == null || b == null || a === 0 ? null : (b / a - 1) * 100);
  const inPoints = (value: number) => t('points', signed(value));
  const inPercent = (value: number) => `${signed(value)} %`;
  const note = (shown: HTMLElement | string, row?: { period: string }) => h('span', {}, shown, shown ? ' · ' : '', row ? name(row).replaceAll(' ', '\u00a0') : '');
  return [
    kpi(t('retentionRate'), percent(last?.retentionRate), note(change(points(before?.retentionRate, last?.retentionRate), inPoints), last), 'retention'),
    kpi(t('churnRate'), percent(last?.churnRate), note(change(points(before?.churnRate, last?.churnRate), inPoints, false), last), 'churn'),
    kpi(t('activeCustomers'), whole(last?.closing), note(change(share(before?.closing, last?.closing), inPercent), last), 'active'),
    kpi(t('newCustomers'), whole(last?.acquired), note(change(share(before?.acquired, last?.acquired), inPercent), last), 'new'),
    kpi(t('revenue'), compactMoney(revenueLast?.revenue), note(change(share(revenueBefore?.revenue, revenueLast?.revenue), inPercent), revenueLast), 'revenue'),
    kpi(t('netRevenueRetention'), percent(netLast?.nrr), note(change(points(netBefore?.nrr, netLast?.nrr), inPoints), netLast), 'nrr'),
  ];
}

function pair<Row>(rows: Row[]): [Row | undefined, Row | undefined] { return [rows.at(-2), rows.at(-1)]; }

function retentionColumns(name: (row: RetentionRow) => string): Column<RetentionRow>[] {
  return [
    { name: t('period'), value: name, text: true }, { name: t('retentionRate'), value: row => percent(row.retentionRate) }, { name: t('interval'), value: row => interval(row.interval, value => percent(value)) },
    { name: t('churnRate'), value: row => percent(row.churnRate) }, { name: t('retained'), value: row => whole(row.retained) }, { name: t('opening'), value: row => whole(row.opening) }, { name: t('status'), value: row => status(row.status), text: true },
  ];
}

function movementColumns(name: (row: RetentionRow) => string): Column<RetentionRow>[] {
  return [
    { name: t('period'), value: name, text: true }, { name: t('opening'), value: row => whole(row.opening) }, { name: t('acquired'), value: row => whole(row.acquired) }, { name: t('reactivated'), value: row => whole(row.reactivated) },
    { name: t('lapsed'), value: row => whole(row.lapsed) }, { name: t('closing'), value: row => whole(row.closing) }, { name: t('status'), value: row => status(row.status), text: true },
  ];
}

export function tip(title: string, lines: [string, string][]): string {
  return `<b>${title}</b><table style="margin-top:4px;width:auto;font-size:inherit">${lines.map(([name, value]) => `<tr><td style="border:0;padding:1px 16px 1px 0;opacity:.75">${name}</td><td style="border:0;padding:1px 0;text-align:right">${value}</td></tr>`).join('')}</table>`;
}

function retentionTip(row: RetentionRow, name: (row: RetentionRow) => string): string {
  return tip(isOpen(row) ? t('soFar', name(row)) : name(row), [
    [t('retentionRate'), percent(row.retentionRate)], [t('interval'), interval(row.interval, value => percent(value))], [t('churnRate'), percent(row.churnRate)],
    [t('retained'), t('of', whole(row.retained), whole(row.opening))], [t('status'), status(row.status)],
  ]);
}

function movementTip(row: RetentionRow, name: (row: RetentionRow) => string): string {
  return tip(isOpen(row) ? t('soFar', name(row)) : name(row), [
    [t('opening'), whole(row.opening)], [t('acquired'), `+${whole(row.acquired)}`], [t('reactivated'), `+${whole(row.reactivated)}`], [t('lapsed'), `−${whole(row.lapsed)}`], [t('closing'), whole(row.closing)],
  ]);
}

/** One period's way from the customers at its start to those at its end. */
function waterfall(of: ReturnType<typeof card>, row: RetentionRow): void {
  const steps = [
    { name: t('opening'), from: 0, to: row.opening ?? 0, kind: 'grey' }, { name: t('acquired'), from: row.opening ?? 0, to: (row.opening ?? 0) + (row.acquired ?? 0), kind: 'blue' },
    { name: t('reactivated'), from: (row.opening ?? 0) + (row.acquired ?? 0), to: (row.closing ?? 0) + (row.lapsed ?? 0), kind: 'teal' },
    { name: t('lapsed'), from: (row.closing ?? 0) + (row.lapsed ?? 0), to: row.closing ?? 0, kind: 'orange' }, { name: t('closing'), from: 0, to: row.closing ?? 0, kind: 'grey' },
  ] as const;
  const size = (step: (typeof steps)[number]) => (step.from === 0 ? whole(step.to) : `${step.to >= step.from ? '+' : '−'}${whole(Math.abs(step.to - step.from))}`);
  chart(of, t('waterfall'), [...steps], [{ name: t('waterfall'), value: step => step.name, text: true }, { name: t('customers'), value: size }], () => {
    const colours = palette();
    const option = frame(whole, { legend: false });
    return {
      ...option,
      tooltip: { show: false },
      grid: { ...(option.grid as object), top: 28 },
      xAxis: { ...(option.xAxis as object), data: steps.map(step => step.name), axisLabel: { ...(option.xAxis as { axisLabel: object }).axisLabel, interval: 0, hideOverlap: false, fontSize: rem(0.79), ...(of.body.clientWidth < rem(24) ? { rotate: 35 } : { lineHeight: rem(0.95), width: rem(3.8), overflow: 'break' }) } },
      series: [
        { type: 'bar', stack: 'fall', silent: true, itemStyle: { color: 'transparent' }, emphasis: { disabled: true }, data: steps.map(step => Math.min(step.from, step.to)), barCategoryGap: '28%' },
        {
          type: 'bar', stack: 'fall', emphasis: { disabled: true }, data: steps.map(step => ({ value: Math.abs(step.to - step.from), itemStyle: { color: colours[step.kind], borderRadius: 3 } })),
          label: { show: true, position: 'top', color: colours.ink, fontWeight: 600, fontSize: rem(0.86), formatter: (point: { dataIndex: number }) => size(steps[point.dataIndex]) },
        },
      ],
    };
  });
}
