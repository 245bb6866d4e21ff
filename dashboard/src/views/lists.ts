import { get, post, Problem } from '../api';
import { card, empty, failed, table, type Column, type Page } from '../card';
import { h } from '../dom';
import { day, decimal, money, percent, whole } from '../format';
import { t, type Word } from '../i18n';
import { listQuestion } from '../question';
import { lists as kinds, type List, type State } from '../state';
import { showCustomer } from './customer';

interface Criterion { value: number | boolean | null; met: boolean }
type Row = { customer: string } & Record<string, unknown>;
interface Answer { rows: Row[]; nextCursor: string | null }

const number = (row: Row, name: string) => row[name] as number | null;
const criterion = (row: Row, name: string) => (row[name] as Criterion).value as number | null;

function columns(list: List): Column<Row>[] {
  const who = { name: t('customer'), value: (row: Row) => row.customer, text: true };
  switch (list) {
    case 'at-risk': return [who,
      { name: t('expectedLoss'), value: row => money(number(row, 'expectedLoss'), 2) }, { name: t('pAlive'), value: row => percent(number(row, 'pAlive'), 0) }, { name: t('clv'), value: row => money(number(row, 'clv'), 2) },
      { name: t('expectedOrders'), value: row => decimal(number(row, 'expectedPurchases')) }, { name: t('daysSince'), value: row => whole(number(row, 'daysSinceLast')) }, { name: t('lastOrder'), value: row => day(row.lastPurchase as string) }];
    case 'lapsed-regulars': return [who,
      { name: t('purchaseDays'), value: row => whole(criterion(row, 'purchaseDays')) }, { name: t('usualGap'), value: row => decimal(number(row, 'medianGap')) }, { name: t('daysSince'), value: row => whole(criterion(row, 'daysSinceLast')) }];
    case 'detractors': return [who,
      { name: t('score'), value: row => whole(number(row, 'score')) }, { name: t('answered'), value: row => day(row.answeredAt as string) }, { name: t('channel'), value: row => String(row.channel ?? '–'), text: true },
      { name: t('openComplaints'), value: row => whole(number(row, 'openComplaints')) }, { name: t('due'), value: row => day(row.dueAt as string | null) }];
    default: return [who,
      { name: t('complaint'), value: row => String(row.complaintId ?? '–'), text: true }, { name: t('category'), value: row => String(row.category ?? '–'), text: true }, { name: t('severity'), value: row => String(row.severity ?? '–'), text: true },
      { name: t('channel'), value: row => String(row.channel ?? '–'), text: true }, { name: t('received'), value: row => day(row.receivedAt as string) }, { name: t('due'), value: row => day(row.dueAt as string | null) }, { name: t('promise'), value: row => t(row.promise as Word), text: true }];
  }
}

export function lists(state: State, page: Page, go: (change: Partial<State>) => void): HTMLElement {
  const pick = h('div', { class: 'seg', role: 'group', 'aria-label': t('lists'), style: 'margin-bottom:1rem;flex-wrap:wrap' }, ...kinds.map(kind =>
    h('button', { type: 'button', 'aria-pressed': String(kind === state.list), onclick: () => go({ list: kind }) }, t(kind))));
  const of = card(t(state.list), t(`${state.list}-note`));
  const part = { refresh: () => show(state, page, of) };
  page.shown.push(part);
  void part.refresh().catch(() => undefined);
  return h('div', {}, pick, of.element);
}

async function show(state: State, page: Page, of: ReturnType<typeof card>): Promise<void> {
  const path = listQuestion(state, `segments/${state.list}`, { limit: '50' });
  try {
    const { data, changed } = await page.ask<Answer>(path);
    if (!changed && of.body.querySelector('table')) return;
    if (data.rows.length === 0) return empty(of.body, 'nobody', null);
    of.body.removeAttribute('aria-busy');
    const rows = [...data.rows];
    const box = h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': t('tableOf', t(state.list)) });
    const draw = (cursor: string | null) => {
      box.replaceChildren(table(rows, columns(state.list), row => void showCustomer(state, row.customer)));
      more.hidden = cursor === null;
      more.onclick = async () => {
        const next = await get<Answer>(listQuestion(state, `segments/${state.list}`, { limit: '50', cursor: cursor! }));
        rows.push(...next.rows);
        draw(next.nextCursor);
      };
    };
    const more = h('button', { class: 'button', type: 'button', style: 'margin-top:1rem' }, t('more'));
    of.body.replaceChildren(box, more);
    draw(data.nextCursor);
  } catch (fault) {
    if (page.leaving.signal.aborted) return;
    if (fault instanceof Problem && fault.status === 409 && state.list === 'at-risk') return askForModel(state, page, of);
    failed(of.body, fault, () => void show(state, page, of));
  }
}

function askForModel(state: State, page: Page, of: ReturnType<typeof card>): void {
  const button = h('button', { class: 'button primary', type: 'button', hidden: state.readonly }, t('fit'));
  button.onclick = async () => {
    button.disabled = true;
    button.textContent = t('fitting');
    try {
      const fit = await post<{ position: number }>('/v1/models/clv/fit', { model: 'mbg-nbd' });
      await get(`/v1/segments/at-risk?limit=1&minPosition=${fit.position}`);
      await show(state, page, of);
    } catch (fault) {
      failed(of.body, fault, () => void show(state, page, of));
    }
  };
  empty(of.body, 'noModel', 'noModelHint', h('p', { style: 'margin-top:1rem' }, button));
}
