import { get } from '../api';
import { h, openDialog } from '../dom';
import { day, money, whole } from '../format';
import { t } from '../i18n';
import type { State } from '../state';

interface Customer {
  customer: string; customerSince: string | null; orders: number; revenue: number; averageOrderValue: number | null; lastPurchase: string | null; status: string;
  openComplaints: number; answers: number; attributes: Record<string, string>; timeline: { type: string; occurredAt: string; effect: string; data: Record<string, unknown> }[];
}

/** One customer: what it amounts to, and its events. */
export async function showCustomer(_: State, id: string): Promise<void> {
  const body = h('div', {}, h('p', { class: 'quiet' }, t('loading')));
  openDialog(id, t('close'), 'side', body);
  try {
    const customer = await get<Customer>(`/v1/customers/${encodeURIComponent(id)}`);
    const fact = (name: string, value: string) => h('div', {}, h('span', {}, name), h('b', {}, value));
    body.replaceChildren(
      h('div', { class: 'facts' }, fact(t('status'), customer.status === 'lapsed' ? t('lapsedState') : customer.status === 'active' ? t('active') : t('none')), fact(t('since'), day(customer.customerSince)), fact(t('ordersShort'), whole(customer.orders)),
        fact(t('revenue'), money(customer.revenue, 2)), fact(t('aov'), money(customer.averageOrderValue, 2)), fact(t('lastOrder'), day(customer.lastPurchase)), fact(t('openComplaints'), whole(customer.openComplaints))),
      h('p', {}, ...Object.entries(customer.attributes).map(([name, value]) => h('span', { class: 'tag', style: 'margin-right:.4rem' }, `${name} ${value}`))),
      h('h3', { style: 'font-size:1rem;margin:1.2rem 0 .4rem' }, t('timeline')),
      h('ol', { class: 'timeline' }, ...[...customer.timeline].reverse().map(event => h('li', {}, h('span', { class: 'quiet' }, day(event.occurredAt)), h('span', {}, `${event.type.replaceAll('_', ' ')} `, event.effect === 'counts' ? null : h('span', { class: 'tag' }, event.effect.replaceAll('_', ' '))), h('span', {}, summary(event.data))))));
  } catch (fault) {
    body.replaceChildren(h('p', { class: 'quiet', role: 'alert' }, (fault as Error).message));
  }
}

function summary(data: Record<string, unknown>): string {
  if (typeof data.total === 'number') return money(data.total, 2);
  if (typeof data.amount === 'number') return `−${money(data.amount, 2)}`;
  if (typeof data.score === 'number') return `${String(data.instrument ?? '').toUpperCase()} ${data.score}`;
  return String(data.category ?? data.channel ?? data.reason ?? '');
}
