import { band, frame, line, palette, shares } from '../charts';
import { card, chart, empty, fill, type Page } from '../card';
import { h } from '../dom';
import { decimal, interval, percent, period, signed, status, whole } from '../format';
import { t } from '../i18n';
import { question } from '../question';
import type { State } from '../state';
import { isOpen, tip } from './overview';

interface ScoreRow {
  period: string; status: string; responses: number | null; score: number | null; interval: [number, number] | null; distribution: Record<string, number> | null; mean: number | null; responseRate: number | null; suppressed: boolean | null;
}

export function voice(state: State, page: Page): HTMLElement {
  const grid = h('div', { class: 'grid' });
  for (const instrument of ['nps', 'csat', 'ces'] as const) {
    const spell = (value: number | null) => (instrument === 'csat' ? percent(value) : instrument === 'nps' ? (value === null ? '–' : signed(value)) : decimal(value, 2));
    const path = question(state, `metrics/${instrument}`);
    const over = card(t(instrument), t(`${instrument}Note`), 'two-thirds');
    const scores = card(t('distribution'), '', 'third', `${t('distribution')}: ${t(instrument)}`);
    over.element.dataset.metric = instrument;
    const name = (row: ScoreRow) => period(row.period, state.grain);
    fill<[{ rows: ScoreRow[] }]>(page, over, [path], ([{ rows: all }]) => {
      const rows = all.filter(row => row.responses);
      if (rows.length === 0) return false;
      chart(over, t(instrument), rows, [
        { name: t('period'), value: name, text: true }, { name: t('score'), value: row => spell(row.score) }, { name: t('interval'), value: row => interval(row.interval, spell) }, { name: t('responses'), value: row => whole(row.responses) },
        { name: t('mean'), value: row => decimal(row.mean, 2) }, { name: t('status'), value: row => status(row.status), text: true },
      ], () => {
        const colours = palette();
        const option = frame(value => (instrument === 'csat' ? percent(value, 0) : decimal(value, 0)), { legend: false, ...(instrument === 'nps' ? { scale: true } : instrument === 'csat' ? { min: 0, max: 1 } : { min: 1, max: 7 }) });
        const low = Math.min(...rows.map(row => row.interval?.[0] ?? row.score ?? 0));
        return {
          ...option,
          yAxis: { ...(option.yAxis as object), ...(instrument === 'csat' ? shares(rows.map(row => row.interval?.[0] ?? row.score)) : instrument === 'ces' ? { min: 1, max: 7, interval: 1 } : {}), ...(instrument === 'nps' ? { min: Math.floor(Math.min(0, low) / 10) * 10, max: Math.min(100, Math.ceil((Math.max(...rows.map(row => row.interval?.[1] ?? row.score ?? 0)) + 5) / 10) * 10) } : {}) },
          xAxis: { ...(option.xAxis as object), data: rows.map(name), axisLine: { onZero: false, lineStyle: { color: colours.line } } },
          tooltip: { ...(option.tooltip as object), formatter: (points: { dataIndex: number }[]) => {
            const row = rows[points[0].dataIndex];
            return tip(isOpen(row) ? t('soFar', name(row)) : name(row), [[t('score'), spell(row.score)], [t('interval'), interval(row.interval, spell)], [t('responses'), whole(row.responses)], [t('mean'), decimal(row.mean, 2)]]);
          } },
          series: [band(rows.map(row => (row.interval)), colours.blue), line(t(instrument), colours.blue, rows.map(row => row.score), rows.map(isOpen))],
        };
      }, 'low');
      return true;
    });
    fill<[{ rows: ScoreRow[] }]>(page, scores, [path], ([{ rows }]) => {
      const answered = rows.filter(row => row.distribution);
      const last = answered.findLast(row => row.status === 'complete' && row.responses) ?? answered.findLast(row => row.responses);
      if (!last) return void empty(scores.body, 'empty', null);
      const counts = Object.entries(last.distribution!);
      scores.say(`${name(last)} · ${t('answersOf', whole(last.responses))}`);
      chart(scores, `${t('distribution')} ${t(instrument)}`, counts, [{ name: t('score'), value: row => row[0], text: true }, { name: t('responses'), value: row => whole(row[1]) }], () => {
        const colours = palette();
        const option = frame(whole, { legend: false });
        return {
          ...option,
          xAxis: { ...(option.xAxis as object), data: counts.map(([score]) => score) },
          tooltip: { ...(option.tooltip as object), axisPointer: { type: 'shadow', shadowStyle: { opacity: 0.06 } } },
          series: [{ type: 'bar', name: t('responses'), barCategoryGap: '22%', emphasis: { disabled: true }, data: counts.map(([score, count]) => ({ value: count, itemStyle: { color: tone(instrument, Number(score), colours), borderRadius: [3, 3, 0, 0] } })) }],
        };
      }, 'low');
      return true;
    });
    grid.append(over.element, scores.element);
  }
  return grid;
}

function tone(instrument: string, score: number, colours: ReturnType<typeof palette>): string {
  if (instrument === 'nps') return score <= 6 ? colours.orange : score <= 8 ? colours.grey : colours.blue;
  if (instrument === 'csat') return score >= 4 ? colours.blue : colours.grey;
  return score >= 5 ? colours.blue : colours.grey;
}
