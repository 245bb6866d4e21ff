import '@fontsource-variable/inter/wght.css';
import './theme.css';
import { ask, get, onKeyNeeded, speakFor } from './api';
import { Page } from './card';
import { redraw } from './charts';
import { drawing, h, openDialog } from './dom';
import { useCurrency } from './format';
import { speak, t, type Word } from './i18n';
import { question } from './question';
import { grains, href, ranges, read, store, views, type State } from './state';
import { cohorts } from './views/cohorts';
import { lists } from './views/lists';
import { overview } from './views/overview';
import { service } from './views/service';
import { value } from './views/value';
import { voice } from './views/voice';

const dimensions = ['country', 'channel', 'campaign', 'tier'] as const;
const app = document.getElementById('app')!;
const live = h('span', { class: 'live', role: 'status' });
let state = read();
let page = new Page();
let tenants: string[] = [];

function theme(): void {
  const dark = state.theme === 'dark' || (state.theme === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
}

function go(change: Partial<State>): void {
  state = { ...state, ...change };
  history.pushState(null, '', href(state));
  show();
}

/** Another shop may have another currency. */
async function choose(tenant: string): Promise<void> {
  speakFor(tenant);
  await get<{ currency: string | null }>('/v1/settings').then(settings => useCurrency(settings.currency), () => undefined);
  go({ tenant, filters: [] });
}

function header(): HTMLElement {
  const mark = h('span', { class: 'brand' });
  mark.innerHTML = '<svg viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="8" fill="#1f5fbf"/><path d="M8 9c8 0 10 12 16 14" fill="none" stroke="#fff" stroke-width="3.5" stroke-linecap="round"/></svg>';
  mark.append('Retention');
  const dark = document.documentElement.dataset.theme === 'dark';
  return h('header', { class: 'bar' }, h('div', { class: 'bar-in' },
    h('div', { class: 'bar-top' }, mark,
      tenants.length > 0 ? h('select', { class: 'tenant', 'aria-label': t('tenant'), onchange: (event: Event) => { const name = (event.target as HTMLSelectElement).value; store('tenant', name); void choose(name); } },
        ...tenants.map(name => h('option', { value: name, selected: name === state.tenant }, name))) : null,
      h('span', { class: 'spring' }), live,
      h('span', { class: 'icons' },
        h('button', { class: 'icon', type: 'button', 'aria-label': t('share'), title: t('share'), onclick: share }, drawing('share')),
        h('button', { class: 'icon', type: 'button', 'aria-label': t('theme'), title: t('theme'), onclick: () => { const next = dark ? 'light' : 'dark'; store('theme', next); go({ theme: next }); } }, drawing(dark ? 'sun' : 'moon')),
        h('button', { class: 'icon', type: 'button', 'aria-label': `${state.lang === 'en' ? 'FI' : 'EN'}: ${t('language')}`, title: t('language'), onclick: () => { const next = state.lang === 'en' ? 'fi' : 'en'; store('lang', next); go({ lang: next }); } }, state.lang === 'en' ? 'FI' : 'EN'))),
    h('nav', { class: 'tabs', 'aria-label': 'Retention' }, ...views.map(view => h('a', { href: href({ ...state, view }), 'aria-current': view === state.view ? 'page' : null, onclick: (event: MouseEvent) => { if (event.metaKey || event.ctrlKey || event.shiftKey) return; event.preventDefault(); go({ view }); } }, t(view))))));
}

async function share(): Promise<void> {
  const link = new URL(href({ ...state, readonly: true }), location.href).href;
  await navigator.clipboard.writeText(link).catch(() => { prompt(t('share'), link); });
  live.dataset.said = 'yes';
  say(t('copied'), 'live');
  setTimeout(() => say(t('live'), 'live'), 2000);
}

function say(text: string, of: 'live' | 'lost'): void {
  live.dataset.state = of;
  live.replaceChildren(h('i', {}), h('span', {}, text));
}

function segment<T extends string>(label: string, all: readonly T[], chosen: string, name: (value: T) => string, choose: (value: T) => void): HTMLElement {
  return h('div', { class: 'seg', role: 'group', 'aria-label': label }, ...all.map(item => h('button', { type: 'button', 'aria-pressed': String(item === chosen), onclick: () => choose(item) }, name(item))));
}

function pick<T extends string>(label: string, all: readonly T[], chosen: string, name: (value: T) => string, choose: (value: T) => void): HTMLElement {
  return h('label', { class: 'pick' }, label, h('select', { onchange: (event: Event) => choose((event.target as HTMLSelectElement).value as T) }, ...all.map(item => h('option', { value: item, selected: item === chosen }, name(item)))));
}

function controls(): HTMLElement {
  const box = h('div', { class: 'controls' });
  if (state.view !== 'lists') {
    box.append(
      segment(t('grain'), grains, state.grain, grain => t(grain), grain => go({ grain })),
      segment(t('range'), ranges, state.range, range => (range === 'all' ? t('all') : t('last', range)), range => go({ range })));
  }
  if (state.view === 'cohorts') {
    box.append(
      pick(t('mode'), ['on', 'on_or_after', 'on_or_before', 'survival'] as const, state.mode, mode => t(mode), mode => go({ mode })),
      pick(t('measure'), ['customers', 'orders', 'revenue', 'cumulativeRevenue', 'cumulativeRevenuePerCustomer'] as const, state.measure, measure => t(measure), measure => go({ measure })),
      pick(t('alignment'), ['calendar', 'rolling'] as const, state.alignment, alignment => t(alignment), alignment => go({ alignment })));
  }
  for (const filter of state.filters) {
    const [name, values] = filter.split(':');
    const spelled = `${dimensions.includes(name as 'country') ? t(name as Word) : name} ${values}`;
    box.append(h('span', { class: 'chip' }, spelled, h('button', { type: 'button', 'aria-label': t('remove', spelled), onclick: () => go({ filters: state.filters.filter(item => item !== filter) }) }, '×')));
  }
  const add = h('select', { class: 'field', 'aria-label': t('addFilter'), onchange: (event: Event) => { const chosen = (event.target as HTMLSelectElement).value; if (chosen) go({ filters: [...state.filters, chosen] }); } }, h('option', { value: '' }, `+ ${t('filter')}`));
  box.append(add);
  void offer(add);
  return box;
}

/** Offers the values that customers have. */
async function offer(into: HTMLSelectElement): Promise<void> {
  for (const dimension of dimensions) {
    try {
      const { rows } = await get<{ rows: { value: string | null; customers: number }[] }>(`/v1/dimensions/${dimension}/values?limit=50`);
      const values = rows.filter(row => row.value !== null && !/[:,]/.test(row.value) && !state.filters.includes(`${dimension}:${row.value}`));
      if (values.length > 0) into.append(h('optgroup', { label: t(dimension) }, ...values.map(row => h('option', { value: `${dimension}:${row.value}` }, `${row.value} (${row.customers})`))));
    } catch { /* Without values there is nothing to filter by. */ }
  }
}

function show(): void {
  page.leaving.abort();
  page = new Page();
  speak(state.lang);
  theme();
  speakFor(state.tenant);
  document.documentElement.lang = state.lang;
  document.title = `${t(state.view)} · Retention`;
  document.body.classList.toggle('readonly', state.readonly);
  const main = h('main', { id: 'figures', tabindex: '-1' }, h('h1', { class: 'sr' }, t(state.view)), controls());
  app.replaceChildren(h('a', { class: 'skip', href: '#figures' }, t('skip')), header(), main);
  say(t('live'), 'live');
  const shown = { overview, cohorts, value, voice, service, lists }[state.view];
  main.append(shown(state, page, go));
  void follow(page);
}

/** Waits for the page's figures to change, and shows them then; one question waits for all of them. */
async function follow(of: Page): Promise<void> {
  let pause = 1000;
  let seen = new Date();
  while (!of.leaving.signal.aborted) {
    try {
      if (document.hidden) await new Promise(resolve => document.addEventListener('visibilitychange', resolve, { once: true }));
      const { changed } = await ask(question(state, 'metrics/retention'), of.leaving.signal, 30);
      if (of.leaving.signal.aborted) return;
      if (changed) await Promise.all(of.shown.map(part => part.refresh()));
      if (live.dataset.state === 'lost') say(t('live'), 'live');
      [pause, seen] = [1000, new Date()];
      // A change is shown at once; many in a row are shown once a second.
      await new Promise(resolve => setTimeout(resolve, 1000));
    } catch {
      if (of.leaving.signal.aborted) return;
      say(t('lost', seen.toLocaleTimeString()), 'lost');
      await new Promise(resolve => setTimeout(resolve, pause));
      pause = Math.min(pause * 2, 30_000);
    }
  }
}

function askForKey(): Promise<string> {
  return new Promise(resolve => {
    const field = h('input', { class: 'field', type: 'password', name: 'key', autocomplete: 'off', required: true, style: 'width:100%;max-width:none' });
    const form = h('form', { method: 'dialog' }, h('p', { class: 'quiet', style: 'margin-bottom:1rem' }, t('keyHint')), h('label', {}, t('keyLabel'), field), h('p', { style: 'margin-top:1rem' }, h('button', { class: 'button primary', type: 'submit' }, t('keyGo'))));
    const dialog = openDialog(t('keyTitle'), t('close'), '', form);
    dialog.addEventListener('close', () => { if (field.value) resolve(field.value.trim()); });
  });
}

async function start(): Promise<void> {
  speak(state.lang);
  theme();
  onKeyNeeded(askForKey);
  // A key belongs to one tenant and may not list the others; then there is none to choose.
  tenants = await get<{ tenants: { name: string }[] }>('/v1/tenants').then(answer => answer.tenants.map(tenant => tenant.name), () => []);
  // A link is about the tenant that it names, even where nobody has sent anything for it.
  const linked = new URLSearchParams(location.search).get('tenant');
  if (linked && tenants.length > 0 && !tenants.includes(linked)) tenants.push(linked);
  if (tenants.length > 0 && !tenants.includes(state.tenant)) state = { ...state, tenant: tenants.includes('default') ? 'default' : tenants.includes('demo') ? 'demo' : tenants[0] };
  speakFor(state.tenant);
  await get<{ currency: string | null }>('/v1/settings').then(settings => useCurrency(settings.currency), () => undefined);
  show();
}

addEventListener('popstate', () => { state = { ...read(), tenant: read().tenant || state.tenant }; show(); });
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { if (state.theme === 'auto') { theme(); redraw(); } });
void start();
