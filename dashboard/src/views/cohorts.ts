import { get } from '../api';
import { frame, line, palette, shade } from '../charts';
import { card, chart, empty, failed, fill, table, type Page } from '../card';
import { h, openDialog } from '../dom';
import { compactMoney, interval, money, percent, period, status, whole } from '../format';
import { t } from '../i18n';
import { listQuestion, question } from '../question';
import type { State } from '../state';
import { showCustomer } from './customer';
import { tip } from './overview';

interface Cell { k: number | string; value: number | null; rate: number | null; status: string }
interface Cohort { cohort: string; size: number; period0Repeat: number; cells: Cell[] }
interface Summary { k: number | string; rate: number | null; cohorts: number }
interface Cohorts { columns: { k: number | string }[]; cohorts: Cohort[]; summary: Summary[]; parameters: Record<string, unknown>; asOf: string }
interface Member { customer: string; numerator: number; denominator: number; excluded: string | null }
interface Lineage { rows: Member[]; nextCursor: string | null }

/** Wilson's interval of a share, at 95 %; the cell's counts are the service's. */
export function wilson(part: number, of: number): [number, number] | null {
  if (of === 0) return null;
  const z = 1.959963984540054;
  const [share, spread] = [part / of, z * z / of];
  const middle = (share + spread / 2) / (1 + spread);
  const half = (z * Math.sqrt((share * (1 - share)) / of + (z * z) / (4 * of * of))) / (1 + spread);
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

export function cohorts(state: State, page: Page): HTMLElement {
  const path = question(state, 'cohorts', { mode: state.mode, measure: state.measure, alignment: state.alignment, ...columnsOf(state) });
  const map = card(t('heatmap'), t('heatNote', 'k'));
  const curve = card(t('summaryCurve'), t('summaryNote'));

  fill<[Cohorts]>(page, map, [path], ([answer]) => {
    if (answer.cohorts.length === 0) return false;
    trim(answer);
    const most = deepest(state, answer);
    map.body.replaceChildren(h('div', { class: 'scroll' }, heat(state, answer, most)), legend(state, most));
    return true;
  });

  fill<[Cohorts]>(page, curve, [path], ([answer]) => {
    const rows = answer.summary.filter(column => column.rate !== null && column.k !== 0);
    if (rows.length === 0) { curve.element.hidden = true; return true; }
    curve.element.hidden = false;
    chart(curve, t('summaryCurve'), rows, [
      { name: t('k'), value: row => String(row.k), text: true }, { name: t('retentionRate'), value: row => percent(row.rate) }, { name: t('cohorts'), value: row => whole(row.cohorts) },
    ], () => {
      const colours = palette();
      const option = frame(value => percent(value, 0), { legend: false, min: 0 });
      return {
        ...option,
        xAxis: { ...(option.xAxis as object), data: rows.map(row => row.k) },
        tooltip: { ...(option.tooltip as object), formatter: (points: { dataIndex: number }[]) => { const row = rows[points[0].dataIndex]; return tip(`${t('k')} = ${row.k}`, [[t('returned'), percent(row.rate)], [t('cohorts'), whole(row.cohorts)]]); } },
        series: [line(t('returned'), colours.blue, rows.map(row => row.rate), rows.map(() => false))],
      };
    }, 'low');
    return true;
  });
  return h('div', { class: 'grid' }, map.element, curve.element);
}

/** As many columns as the range has periods; what none of its cohorts is old enough for is not shown. */
function columnsOf(state: State): Record<string, string> {
  const most = { week: 104, month: 60, quarter: 40, year: 20 }[state.grain];
  return { periods: String(state.range === 'all' ? most : Math.min(most, Number(state.range))) };
}

function trim(answer: Cohorts): void {
  const last = Math.max(0, ...answer.cohorts.map(cohort => cohort.cells.findLastIndex(cell => cell.value !== null && cell.status !== 'not_observable')));
  answer.columns = answer.columns.slice(0, last + 1);
  answer.summary = answer.summary.slice(0, last + 1);
  for (const cohort of answer.cohorts) cohort.cells = cohort.cells.slice(0, last + 1);
}

const isMoney = (state: State) => state.measure.toLowerCase().includes('revenue');
const hasRate = (state: State, cell: Cell) => !isMoney(state) && cell.rate !== null;

/** The heat map is a table: every cell can be reached by the arrow keys and is read out with its row and column. */
function heat(state: State, answer: Cohorts, most: number): HTMLTableElement {
  const rows = [...answer.cohorts].reverse();
  const body = h('tbody');
  const whole_ = h('tr', { class: 'whole' }, h('th', { class: 'cohort', scope: 'row' }, t('allCohorts')), h('th', { class: 'size' }, whole(answer.cohorts.reduce((sum, cohort) => sum + cohort.size, 0))));
  for (const column of answer.summary) {
    const colour = column.rate === null || column.k === 0 ? null : shade(column.rate / most);
    whole_.append(h('td', {}, h('span', { class: 'cell', style: colour ? `display:grid;place-items:center;background:${colour.ground};color:${colour.ink};font-weight:600` : 'display:grid;place-items:center;font-weight:600' }, column.rate === null ? '' : percent(column.rate, column.k === 0 ? 0 : 1))));
  }
  // Sums of money have no rate over all cohorts.
  if (!isMoney(state)) body.append(whole_);
  for (const cohort of rows) {
    const row = h('tr', {}, h('th', { class: 'cohort', scope: 'row' }, period(cohort.cohort, state.grain)), h('th', { class: 'size' }, whole(cohort.size)));
    for (const cell of cohort.cells) row.append(h('td', {}, cellOf(state, cohort, cell, most)));
    body.append(row);
  }
  const map = h('table', { class: 'heat', 'aria-label': t('heatmap') },
    h('thead', {}, h('tr', {}, h('th', { class: 'cohort', scope: 'col' }, t('cohort')), h('th', { class: 'size', scope: 'col' }, t('size')), ...answer.columns.map(column => h('th', { scope: 'col' }, String(column.k))))),
    body);
  steer(map);
  return map;
}

/** What the deepest colour stands for. */
function deepest(state: State, answer: Cohorts): number {
  const values = answer.cohorts.flatMap(cohort => cohort.cells.filter(cell => cell.k !== 0).map(cell => weight(state, cell)));
  // A few extreme cells would leave the others without difference.
  return Math.max(quantile(values.filter(value => value > 0), 0.98), 1e-9);
}

function weight(state: State, cell: Cell): number {
  if (cell.value === null) return 0;
  return hasRate(state, cell) ? cell.rate! : cell.value;
}

function quantile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function cellOf(state: State, cohort: Cohort, cell: Cell, most: number): HTMLElement {
  if (cell.value === null || cell.status === 'not_observable') return h('span', { class: 'cell none' });
  const first = cell.k === 0 && !isMoney(state);
  const colour = first ? null : shade(weight(state, cell) / most);
  const text = hasRate(state, cell) ? percent(cell.rate, first ? 0 : 1) : isMoney(state) ? compactMoney(cell.value) : whole(cell.value);
  const open = cell.status === 'in_progress';
  const spoken = `${period(cohort.cohort, state.grain)}, ${cell.k}: ${text}, ${t('of', isMoney(state) ? money(cell.value) : whole(cell.value), whole(cohort.size))}, ${status(cell.status)}`;
  return h('button', {
    class: open ? 'cell open' : 'cell', type: 'button', tabindex: '-1', 'aria-label': spoken, 'data-cohort': cohort.cohort, 'data-k': cell.k,
    style: colour ? `background-color:${colour.ground};color:${colour.ink}` : '',
    onclick: () => void showMembers(state, cohort, cell),
    onpointerenter: (event: PointerEvent) => point(state, cohort, cell, event.currentTarget as HTMLElement), onpointerleave: unpoint,
    onfocus: (event: FocusEvent) => point(state, cohort, cell, event.currentTarget as HTMLElement), onblur: unpoint,
  }, text);
}

let pointed: HTMLElement | null = null;

function unpoint(): void { pointed?.remove(); pointed = null; }

function point(state: State, cohort: Cohort, cell: Cell, at: HTMLElement): void {
  unpoint();
  const lines: [string, string][] = [[isMoney(state) ? t('revenue') : t(state.measure === 'orders' ? 'orders' : 'returned'), isMoney(state) ? money(cell.value, 2) : whole(cell.value)], [t('size'), whole(cohort.size)]];
  if (hasRate(state, cell)) {
    lines.push([t('retentionRate'), percent(cell.rate)]);
    if (state.measure === 'customers') lines.push([t('interval'), interval(wilson(cell.value!, cohort.size), value => percent(value))]);
  }
  lines.push([t('status'), status(cell.status)]);
  pointed = h('div', { class: 'tip', 'aria-hidden': 'true' }, h('b', {}, `${period(cohort.cohort, state.grain)}, ${t(state.grain).toLowerCase()} ${cell.k}`),
    h('dl', {}, ...lines.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)])));
  document.body.append(pointed);
  const [box, own] = [at.getBoundingClientRect(), pointed.getBoundingClientRect()];
  pointed.style.left = `${Math.max(8, Math.min(innerWidth - own.width - 8, box.left + box.width / 2 - own.width / 2))}px`;
  pointed.style.top = `${box.top - own.height - 8 > 8 ? box.top - own.height - 8 : box.bottom + 8}px`;
}

/** One cell is in the order of tabs; arrows, Home and End go from cell to cell. */
function steer(map: HTMLTableElement): void {
  const buttons = () => [...map.querySelectorAll<HTMLButtonElement>('tbody button.cell')];
  const first = buttons()[0];
  if (first) first.tabIndex = 0;
  map.addEventListener('keydown', event => {
    const at = event.target as HTMLElement;
    const [own, row] = [at.closest('td'), at.closest('tr')];
    if (!own || !row) return;
    const column = [...row.children].indexOf(own);
    const inRow = (of: Element | null | undefined, index: number) => of?.children[index]?.querySelector<HTMLButtonElement>('button.cell');
    const to = event.key === 'ArrowRight' ? inRow(row, column + 1) : event.key === 'ArrowLeft' ? inRow(row, column - 1)
      : event.key === 'ArrowDown' ? inRow(row.nextElementSibling, column) : event.key === 'ArrowUp' ? inRow(row.previousElementSibling, column)
      : event.key === 'Home' ? inRow(row, 2) : event.key === 'End' ? [...row.querySelectorAll<HTMLButtonElement>('button.cell')].at(-1) : undefined;
    if (event.key === 'Escape') unpoint();
    if (!to) return;
    event.preventDefault();
    for (const button of buttons()) button.tabIndex = -1;
    to.tabIndex = 0;
    to.focus();
  });
}

function legend(state: State, most: number): HTMLElement {
  const { ramp } = palette();
  return h('div', { class: 'legend' },
    h('span', { class: 'ramp' }, isMoney(state) ? money(0) : percent(0, 0), h('i', { style: `background:linear-gradient(90deg,${ramp.join(',')})` }), `${t('orMore', isMoney(state) ? compactMoney(most) : percent(most))}, ${t(isMoney(state) ? 'revenue' : 'returned').toLowerCase()}`),
    h('span', {}, h('span', { class: 'swatch cell open', style: 'display:inline-block;min-width:0;width:1.3rem;height:.75rem' }), t('inProgress')));
}

/** The customers behind a cell. */
async function showMembers(state: State, cohort: Cohort, cell: Cell): Promise<void> {
  unpoint();
  const title = t('customersBehind', period(cohort.cohort, state.grain), t(state.grain).toLowerCase(), cell.k);
  const body = h('div', {}, h('p', { class: 'quiet' }, t('loading')));
  openDialog(title, t('close'), 'side', h('div', { class: 'facts' },
    h('div', {}, h('span', {}, t('size')), h('b', {}, whole(cohort.size))), h('div', {}, h('span', {}, isMoney(state) ? t('revenue') : t('returned')), h('b', {}, isMoney(state) ? money(cell.value, 2) : whole(cell.value))),
    hasRate(state, cell) ? h('div', {}, h('span', {}, t('retentionRate')), h('b', {}, percent(cell.rate))) : null, h('div', {}, h('span', {}, t('status')), h('b', {}, status(cell.status)))), body);
  const measure = state.measure === 'cumulativeRevenuePerCustomer' ? 'cumulativeRevenue' : state.measure;
  const columns = { periods: String(Math.max(Number(cell.k), 1)), k: String(cell.k), role: 'denominator', limit: '1000' };
  const path = (cursor: object) => listQuestion(state, 'metrics/cohorts/lineage', { grain: state.grain, cohort: cohort.cohort, mode: state.mode, measure, alignment: state.alignment, ...columns, ...cursor });
  const members: Member[] = [];
  const load = async (cursor: string | null): Promise<void> => {
    try {
      const next = await get<Lineage>(path(cursor ? { cursor } : {}));
      members.push(...next.rows);
      showLineage(state, body, members, next.nextCursor ? () => void load(next.nextCursor) : null);
    } catch (fault) {
      failed(body, fault, () => void load(cursor));
    }
  };
  await load(null);
}

/** @param more Loads the next page; null where all are there. */
function showLineage(state: State, body: HTMLElement, members: Member[], more: (() => void) | null): void {
  if (members.length === 0) return empty(body, 'nobody', null);
  const columns = [{ name: t('customer'), value: (row: Member) => row.customer, text: true }, ...(isMoney(state) ? [{ name: t('revenue'), value: (row: Member) => money(row.numerator, 2) }] : [])];
  const list = (title: string, rows: Member[]) => rows.length === 0 ? null : h('section', {},
    h('h3', { style: 'font-size:1rem;margin:1rem 0 .2rem' }, `${title} (${whole(rows.length)}${more ? '+' : ''})`), table(rows, columns, row => void showCustomer(state, row.customer)));
  const parts = [list(t('returned'), members.filter(row => row.numerator !== 0)), list(t('notCounted'), members.filter(row => row.numerator === 0))];
  body.replaceChildren(...parts.filter(part => part !== null));
  if (more) body.append(h('button', { class: 'button', type: 'button', style: 'margin-top:1rem', onclick: more }, t('more')));
}
