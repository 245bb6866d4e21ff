import { band, durations, frame, line, palette, shares } from '../charts';
import { card, change, chart, fill, kpi, type Page } from '../card';
import { h } from '../dom';
import { duration, interval, decimal, percent, period, signed, status, whole } from '../format';
import { t } from '../i18n';
import { question } from '../question';
import type { State } from '../state';
import { isOpen, tip } from './overview';

interface Clock { n: number; p50: number | null; p90: number | null; businessP50: number | null; businessP90: number | null }
interface ComplaintRow {
  period: string; status: string; received: number | null; resolved: number | null; open: number | null; perThousandOrders: number | null; promised: number | null; promiseKept: number | null; promiseKeptRate: number | null;
  promiseKeptInterval: [number, number] | null; firstReply: Clock | null; resolution: Clock | null;
}

export function service(state: State, page: Page): HTMLElement {
  const path = question(state, 'metrics/complaints');
  const name = (row: ComplaintRow) => period(row.period, state.grain);
  const title = (row: ComplaintRow) => (isOpen(row) ? t('soFar', name(row)) : name(row));
  const [figures, counts, promise] = [h('div', { class: 'kpis' }), card(t('complaintsOverTime'), t('complaintsNote'), 'half'), card(t('promiseKept'), t('promiseNote'), 'half')];
  const [first, resolution] = [card(t('clocks'), t('clocksNote'), 'half'), card(t('resolution'), t('resolutionNote'), 'half')];
  const rowsOf = (rows: ComplaintRow[]) => rows.filter(row => row.received !== null);

  fill<[{ rows: ComplaintRow[] }]>(page, counts, [path], ([answer]) => {
    const rows = rowsOf(answer.rows);
    figures.replaceChildren(...kpis(rows, name));
    if (!rows.some(row => row.received)) return false;
    chart(counts, t('complaintsOverTime'), rows, [
      { name: t('period'), value: name, text: true }, { name: t('received'), value: row => whole(row.received) }, { name: t('resolved'), value: row => whole(row.resolved) }, { name: t('open'), value: row => whole(row.open) }, { name: t('status'), value: row => status(row.status), text: true },
    ], () => {
      const colours = palette();
      const option = frame(whole, { min: 0 });
      const bars = (word: 'received' | 'resolved', colour: string) => ({ type: 'bar', name: t(word), color: colour, barMaxWidth: 14, emphasis: { disabled: true }, data: rows.map(row => ({ value: row[word], itemStyle: { opacity: isOpen(row) ? 0.55 : 1, borderRadius: [2, 2, 0, 0] } })) });
      return {
        ...option,
        xAxis: { ...(option.xAxis as object), data: rows.map(name) },
        tooltip: { ...(option.tooltip as object), formatter: (points: { dataIndex: number }[]) => { const row = rows[points[0].dataIndex]; return tip(title(row), [[t('received'), whole(row.received)], [t('resolved'), whole(row.resolved)], [t('open'), whole(row.open)]]); } },
        series: [bars('received', colours.orange), bars('resolved', colours.blue), line(t('open'), colours.grey, rows.map(row => row.open), rows.map(isOpen))],
      };
    });
    return true;
  });

  fill<[{ rows: ComplaintRow[] }]>(page, promise, [path], ([answer]) => {
    const rows = rowsOf(answer.rows).filter(row => row.promiseKeptRate !== null);
    if (rows.length === 0) return false;
    chart(promise, t('promiseKept'), rows, [
      { name: t('period'), value: name, text: true }, { name: t('promiseKept'), value: row => percent(row.promiseKeptRate) }, { name: t('interval'), value: row => interval(row.promiseKeptInterval, value => percent(value)) }, { name: t('received'), value: row => t('of', whole(row.promiseKept), whole(row.promised)) },
    ], () => {
      const colours = palette();
      const option = frame(value => percent(value, 0), { legend: false });
      return {
        ...option,
        yAxis: { ...(option.yAxis as object), ...shares(rows.map(row => row.promiseKeptInterval?.[0])) },
        xAxis: { ...(option.xAxis as object), data: rows.map(name) },
        tooltip: { ...(option.tooltip as object), formatter: (points: { dataIndex: number }[]) => { const row = rows[points[0].dataIndex]; return tip(title(row), [[t('promiseKept'), percent(row.promiseKeptRate)], [t('interval'), interval(row.promiseKeptInterval, value => percent(value))], ['', t('of', whole(row.promiseKept), whole(row.promised))]]); } },
        series: [band(rows.map(row => row.promiseKeptInterval), colours.blue), line(t('promiseKept'), colours.blue, rows.map(row => row.promiseKeptRate), rows.map(isOpen))],
      };
    });
    return true;
  });

  for (const [of, clock, word] of [[first, 'firstReply', 'clocks'], [resolution, 'resolution', 'resolution']] as const) {
    fill<[{ rows: ComplaintRow[] }]>(page, of, [path], ([answer]) => {
      const rows = rowsOf(answer.rows).filter(row => row[clock]?.n);
      if (rows.length === 0) return false;
      chart(of, t(word), rows, [
        { name: t('period'), value: name, text: true }, { name: t('median'), value: row => duration(row[clock]?.p50) }, { name: t('p90'), value: row => duration(row[clock]?.p90) }, { name: `${t('median')}, ${t('business')}`, value: row => duration(row[clock]?.businessP50) }, { name: 'n', value: row => whole(row[clock]?.n) },
      ], () => {
        const colours = palette();
        const option = frame(duration, { min: 0 });
        return {
          ...option,
          yAxis: { ...(option.yAxis as object), ...durations(rows.map(row => row[clock]!.p90)) },
          xAxis: { ...(option.xAxis as object), data: rows.map(name) },
          tooltip: { ...(option.tooltip as object), formatter: (points: { dataIndex: number }[]) => { const row = rows[points[0].dataIndex]; const of = row[clock]!; return tip(title(row), [[t('median'), duration(of.p50)], [t('p90'), duration(of.p90)], [`${t('median')}, ${t('business')}`, duration(of.businessP50)], ['n', whole(of.n)]]); } },
          series: [line(t('p90'), colours.orange, rows.map(row => row[clock]!.p90), rows.map(isOpen)), line(t('median'), colours.blue, rows.map(row => row[clock]!.p50), rows.map(isOpen))],
        };
      });
      return true;
    });
  }
  return h('div', {}, figures, h('div', { class: 'grid' }, counts.element, promise.element, first.element, resolution.element));
}

function kpis(rows: ComplaintRow[], name: (row: ComplaintRow) => string): HTMLElement[] {
  const complete = rows.filter(row => row.status === 'complete');
  const [before, last] = [complete.at(-2), complete.at(-1)];
  const points = before?.promiseKeptRate == null || last?.promiseKeptRate == null ? null : (last.promiseKeptRate - before.promiseKeptRate) * 100;
  return [
    kpi(t('received'), whole(last?.received), last ? `${t('perThousand', decimal(last.perThousandOrders))} · ${name(last)}` : '', 'received'),
    kpi(t('openNow'), whole(rows.at(-1)?.open), '', 'open'),
    kpi(t('firstReply'), duration(last?.firstReply?.p50), `${t('p90')} ${duration(last?.firstReply?.p90)}`, 'first-reply'),
    kpi(t('promiseKept'), percent(last?.promiseKeptRate), h('span', {}, change(points, value => t('points', signed(value))), last ? ` · ${name(last)}` : ''), 'promise'),
  ];
}
