import { frame, line, palette } from '../charts';
import { card, chart, fill, kpi, type Column, type Page } from '../card';
import { h } from '../dom';
import { compactMoney, decimal, money, percent, period, status, whole } from '../format';
import { t } from '../i18n';
import { question } from '../question';
import type { State } from '../state';
import { isOpen, tip } from './overview';

interface ClvRow {
  period: string; status: string; customers: number | null; revenue: number | null; revenuePerCustomer: number | null; within: Record<string, number | null> | null; pAlive: number | null; expectedPurchases: number | null; clv: number | null;
}
interface Clv { rows: ClvRow[]; parameters: { horizon?: number }; simple: { arpa: number | null; margin: number | null; churn: number | null; value: number | null } | null; fit: { model: string } | null }
interface RevenueRow { period: string; status: string; revenue: number | null; orders: number | null; customers: number | null; averageOrderValue: number | null; repeatRateWindow: number | null; repeatRateLifetime: number | null }

const windows = ['30', '90', '180', '365'] as const;

export function value(state: State, page: Page): HTMLElement {
  const name = (row: { period: string }) => period(row.period, state.grain);
  const [clvPath, revenuePath] = [question(state, 'metrics/clv'), question(state, 'metrics/revenue')];
  const simple = h('div', { class: 'kpis' });
  const cohorts = card(t('clvByCohort'), t('clvNote'));
  const revenue = card(t('revenueOverTime'), t('revenueNote'));

  fill<[Clv]>(page, cohorts, [clvPath], ([answer]) => {
    const rows = answer.rows.filter(row => row.customers);
    showSimple(simple, answer);
    if (rows.length === 0) return false;
    chart(cohorts, t('clvByCohort'), rows, columns(name, answer.parameters.horizon ?? 365), () => {
      const colours = palette();
      const option = frame(compactMoney, { min: 0 });
      const [tones, none] = [[colours.sky, colours.blue, colours.teal, colours.violet], rows.map(() => false)];
      const predicted = rows.some(row => row.clv !== null)
        ? [line(t('predicted', answer.parameters.horizon ?? 365), colours.orange, rows.map(row => row.clv), none, { lineStyle: { width: 2, type: [5, 4] }, symbol: 'diamond' })] : [];
      return {
        ...option,
        xAxis: { ...(option.xAxis as object), data: rows.map(name) },
        tooltip: { ...(option.tooltip as object), formatter: (points: { dataIndex: number }[]) => clvTip(rows[points[0].dataIndex], name, answer.parameters.horizon ?? 365) },
        series: [...windows.filter(days => rows.some(row => row.within?.[days] != null)).map(days => line(t('within', days), tones[windows.indexOf(days)], rows.map(row => row.within?.[days] ?? null), none)), ...predicted],
      };
    }, 'tall');
    return true;
  });

  fill<[{ rows: RevenueRow[] }]>(page, revenue, [revenuePath], ([{ rows: all }]) => {
    const rows = all.filter(row => row.revenue !== null);
    if (!rows.some(row => row.orders)) return false;
    chart(revenue, t('revenueOverTime'), rows, [
      { name: t('period'), value: name, text: true }, { name: t('revenue'), value: row => money(row.revenue, 2) }, { name: t('orders'), value: row => whole(row.orders) }, { name: t('customers'), value: row => whole(row.customers) },
      { name: t('aov'), value: row => money(row.averageOrderValue, 2) }, { name: t('repeat'), value: row => percent(row.repeatRateWindow) }, { name: t('status'), value: row => status(row.status), text: true },
    ], () => {
      const colours = palette();
      const option = frame(compactMoney, { legend: false, min: 0 });
      return {
        ...option,
        xAxis: { ...(option.xAxis as object), data: rows.map(name) },
        tooltip: { ...(option.tooltip as object), axisPointer: { type: 'shadow', shadowStyle: { opacity: 0.06 } }, formatter: (points: { dataIndex: number }[]) => {
          const row = rows[points[0].dataIndex];
          return tip(isOpen(row) ? t('soFar', name(row)) : name(row), [[t('revenue'), money(row.revenue, 2)], [t('orders'), whole(row.orders)], [t('aov'), money(row.averageOrderValue, 2)], [t('repeat'), percent(row.repeatRateWindow)]]);
        } },
        series: [{ type: 'bar', name: t('revenue'), barMaxWidth: 30, emphasis: { disabled: true }, data: rows.map(row => ({ value: row.revenue, itemStyle: { color: colours.blue, opacity: isOpen(row) ? 0.5 : 1, borderRadius: [3, 3, 0, 0] } })) }],
      };
    });
    return true;
  });
  return h('div', {}, simple, h('div', { class: 'grid' }, cohorts.element, revenue.element));
}

function showSimple(into: HTMLElement, answer: Clv): void {
  const simple = answer.simple;
  into.hidden = !simple;
  if (!simple) return;
  into.replaceChildren(
    kpi(t('simpleClv'), money(simple.value, 2), t('simpleNote'), 'simple'), kpi(`${t('revenue')} ${t('perCustomer')}`, money(simple.arpa, 2), t('lastYear'), 'arpa'),
    kpi(t('margin'), percent(simple.margin), '', 'margin'), kpi(t('churnRate'), percent(simple.churn), t('lastYear'), 'simple-churn'));
}

function columns(name: (row: ClvRow) => string, horizon: number): Column<ClvRow>[] {
  return [
    { name: t('cohort'), value: name, text: true }, { name: t('customers'), value: row => whole(row.customers) }, ...windows.map(days => ({ name: t('within', days), value: (row: ClvRow) => money(row.within?.[days], 2) })),
    { name: t('pAlive'), value: row => percent(row.pAlive) }, { name: t('expectedOrders'), value: row => decimal(row.expectedPurchases, 2) }, { name: t('predicted', horizon), value: row => money(row.clv, 2) }, { name: t('status'), value: row => status(row.status), text: true },
  ];
}

function clvTip(row: ClvRow, name: (row: ClvRow) => string, horizon: number): string {
  const lines: [string, string][] = [[t('customers'), whole(row.customers)], ...windows.map(days => [t('within', days), money(row.within?.[days], 2)] as [string, string])];
  if (row.clv !== null) lines.push([t('predicted', horizon), money(row.clv, 2)], [t('pAlive'), percent(row.pAlive)]);
  return tip(name(row), lines);
}
