import type { Grain, State } from './state';

/** The local first day of the period that lies some periods before today's. */
export function startOf(grain: Grain, back: number, today = new Date()): string {
  const [year, month, date] = [today.getFullYear(), today.getMonth(), today.getDate()];
  const at = grain === 'year' ? new Date(Date.UTC(year - back, 0, 1))
    : grain === 'quarter' ? new Date(Date.UTC(year, Math.floor(month / 3) * 3 - 3 * back, 1))
    : grain === 'month' ? new Date(Date.UTC(year, month - back, 1))
    : new Date(Date.UTC(year, month, date - ((today.getDay() + 6) % 7) - 7 * back));
  return at.toISOString().slice(0, 10);
}

/** A question in the range and with the filters of the page. */
export function question(state: State, metric: string, more: Record<string, string> = {}): string {
  const query = new URLSearchParams({ grain: state.grain });
  if (state.range !== 'all') query.set('from', startOf(state.grain, Number(state.range)));
  for (const filter of state.filters) query.append('filter', filter);
  for (const [name, value] of Object.entries(more)) query.set(name, value);
  return `/v1/${metric}?${query}`;
}

/** A list, which has no periods. */
export function listQuestion(state: State, path: string, more: Record<string, string> = {}): string {
  const query = new URLSearchParams(more);
  for (const filter of state.filters) query.append('filter', filter);
  const text = query.toString();
  return `/v1/${path}${text ? `?${text}` : ''}`;
}
