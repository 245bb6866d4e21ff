/** What the page shows; the URL holds it whole, so that a link shows the same. */
export interface State {
  view: View;
  tenant: string;
  grain: Grain;
  range: string;
  filters: string[];
  mode: string;
  measure: string;
  alignment: string;
  list: List;
  lang: 'en' | 'fi';
  theme: 'auto' | 'light' | 'dark';
  readonly: boolean;
}

export const views = ['overview', 'cohorts', 'value', 'voice', 'service', 'lists'] as const;
export type View = (typeof views)[number];
export const grains = ['week', 'month', 'quarter', 'year'] as const;
export type Grain = (typeof grains)[number];
export const lists = ['at-risk', 'lapsed-regulars', 'detractors', 'open-complaints'] as const;
export type List = (typeof lists)[number];
/** How many periods back; all is everything there is. */
export const ranges = ['6', '12', '24', 'all'] as const;

const defaults: State = {
  view: 'overview', tenant: '', grain: 'month', range: '12', filters: [], mode: 'on', measure: 'customers', alignment: 'calendar',
  list: 'at-risk', lang: navigator.language.startsWith('fi') ? 'fi' : 'en', theme: 'auto', readonly: false,
};

function one<T extends string>(all: readonly T[], value: string | null, otherwise: T): T {
  return all.includes(value as T) ? (value as T) : otherwise;
}

export function read(): State {
  const query = new URLSearchParams(location.search);
  return {
    view: one(views, query.get('view'), defaults.view),
    tenant: query.get('tenant') ?? stored('tenant') ?? '',
    grain: one(grains, query.get('grain'), defaults.grain),
    range: one(ranges, query.get('range'), defaults.range as (typeof ranges)[number]),
    filters: query.getAll('filter'),
    mode: one(['on', 'on_or_after', 'on_or_before', 'survival'], query.get('mode'), defaults.mode),
    measure: one(['customers', 'orders', 'revenue', 'cumulativeRevenue', 'cumulativeRevenuePerCustomer'], query.get('measure'), defaults.measure),
    alignment: one(['calendar', 'rolling'], query.get('alignment'), defaults.alignment),
    list: one(lists, query.get('list'), defaults.list),
    lang: one(['en', 'fi'] as const, query.get('lang') ?? stored('lang'), defaults.lang),
    theme: one(['auto', 'light', 'dark'] as const, query.get('theme') ?? stored('theme'), defaults.theme),
    readonly: query.get('readonly') === '1',
  };
}

/** The address of a state, without what is as usual. */
export function href(state: State): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(state)) {
    if (name === 'filters') for (const filter of state.filters) query.append('filter', filter);
    else if (name === 'readonly') { if (value) query.set(name, '1'); }
    else if (value !== defaults[name as keyof State] && value !== '') query.set(name, String(value));
  }
  const text = query.toString();
  return text ? `?${text}` : location.pathname;
}

export function stored(name: string): string | null {
  try { return localStorage.getItem(`retention.${name}`); } catch { return null; }
}

export function store(name: string, value: string): void {
  try { localStorage.setItem(`retention.${name}`, value); } catch { /* A browser that keeps nothing is asked again next time. */ }
}
