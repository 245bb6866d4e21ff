import { ask, Problem } from './api';
import { draw } from './charts';
import { h } from './dom';
import { t, type Word } from './i18n';
import type { EChartsCoreOption, ECharts } from 'echarts/core';

/** A column of the table that says what a chart shows. */
export interface Column<Row> { name: string; value: (row: Row) => string; text?: boolean }

export interface Answer { position?: number; asOf?: string; rows: unknown[] }

/** Whoever is on the page and asks for figures: shows them, and again once they have changed. */
export interface Shown { refresh(): Promise<void> }

export class Page {
  readonly shown: Shown[] = [];
  readonly leaving = new AbortController();
  readonly asked = new Set<string>();

  /** Asks for what a part shows; the page then follows it. */
  async ask<T>(path: string): Promise<{ data: T; changed: boolean }> {
    this.asked.add(path);
    return ask<T>(path, this.leaving.signal);
  }
}

export interface Card { element: HTMLElement; body: HTMLElement; note: HTMLElement; say(note: string): void }

export function card(title: string, note: string, className = '', label = title): Card {
  const body = h('div', { class: 'card-body', 'aria-busy': 'true' }, bones());
  const noteElement = h('p', { class: 'card-note' }, note);
  const element = h('section', { class: `card ${className}`, 'aria-label': label }, h('div', { class: 'card-head' }, h('h2', {}, title)), noteElement, body);
  return { element, body, note: noteElement, say: text => { noteElement.textContent = text; } };
}

function bones(): HTMLElement {
  const box = h('div', { class: 'bones' }, h('span', { class: 'sr' }, t('loading')));
  for (const width of [92, 70, 84, 48]) box.append(h('i', { style: `width:${width}%` }));
  return box;
}

export function empty(body: HTMLElement, word: Word = 'empty', hint: Word | null = 'emptyHint', ...more: Node[]): void {
  body.removeAttribute('aria-busy');
  body.replaceChildren(h('div', { class: 'state' }, h('div', {}, h('strong', {}, t(word)), hint ? h('p', { class: 'quiet' }, t(hint)) : null, ...more)));
}

export function failed(body: HTMLElement, fault: unknown, again: () => void): void {
  body.removeAttribute('aria-busy');
  const detail = fault instanceof Problem ? fault.message : String((fault as Error)?.message ?? fault);
  body.replaceChildren(h('div', { class: 'state', role: 'alert' }, h('div', {}, h('strong', {}, t('failed')), h('p', { class: 'quiet' }, detail), h('button', { class: 'button', type: 'button', onclick: again }, t('again')))));
}

/**
 * Shows the answers of some questions in a card: bones while they load, what failed where one did, nothing where there is nothing.
 * `show` returns false for nothing.
 */
export function fill<T extends unknown[]>(page: Page, of: Card, paths: string[], show: (answers: T) => boolean | void): void {
  let drawn = false;
  const part: Shown = {
    async refresh() {
      try {
        const answers = await Promise.all(paths.map(path => page.ask(path)));
        if (page.leaving.signal.aborted || (drawn && answers.every(answer => !answer.changed))) return;
        of.body.removeAttribute('aria-busy');
        drawn = true;
        if (show(answers.map(answer => answer.data) as T) === false) empty(of.body);
      } catch (fault) {
        if (!page.leaving.signal.aborted && !drawn) failed(of.body, fault, () => void part.refresh());
        if (drawn) throw fault;
      }
    },
  };
  page.shown.push(part);
  void part.refresh().catch(() => undefined);
}

/** A chart, and the table of its figures in its place for whoever wants that. */
export function chart<Row>(of: Card, title: string, rows: Row[], columns: Column<Row>[], option: () => EChartsCoreOption, className = ''): ECharts {
  const canvas = h('div', { class: `chart ${className}`, role: 'img', 'aria-label': title });
  const figures = h('div', { class: 'scroll figures', tabindex: '0', role: 'region', 'aria-label': t('tableOf', title) }, table(rows, columns));
  const asTable = of.element.dataset.table === 'yes';
  figures.hidden = !asTable;
  canvas.hidden = asTable;
  let button = of.element.querySelector<HTMLButtonElement>('.card-head .link');
  if (!button) {
    button = h('button', { class: 'link', type: 'button' }, '');
    of.element.querySelector('.card-head')!.append(button);
  }
  const spell = () => {
    const shows = of.element.dataset.table === 'yes';
    button!.textContent = shows ? t('chart') : t('table');
    button!.setAttribute('aria-label', `${shows ? t('chart') : t('table')}: ${title}`);
    button!.setAttribute('aria-expanded', String(shows));
  };
  button.onclick = () => {
    const shows = of.element.dataset.table !== 'yes';
    of.element.dataset.table = shows ? 'yes' : 'no';
    figures.hidden = !shows;
    canvas.hidden = shows;
    spell();
  };
  spell();
  of.body.replaceChildren(canvas, figures);
  return draw(canvas, option);
}

export function table<Row>(rows: Row[], columns: Column<Row>[], go?: (row: Row) => void): HTMLTableElement {
  return h('table', {},
    h('thead', {}, h('tr', {}, ...columns.map(column => h('th', { scope: 'col', class: column.text ? '' : 'r' }, column.name)))),
    h('tbody', {}, ...rows.map(row => h('tr', { class: go ? 'go' : '' }, ...columns.map((column, i) => i === 0 && go
      ? h('td', {}, h('button', { class: 'link', type: 'button', onclick: () => go(row) }, column.value(row)))
      : h('td', { class: column.text ? '' : 'r' }, column.value(row)))))));
}

export function kpi(name: string, value: string, note: string | Node, id: string): HTMLElement {
  return h('div', { class: 'kpi', 'data-kpi': id }, h('div', { class: 'kpi-name' }, name), h('div', { class: 'kpi-value' }, value), h('div', { class: 'kpi-note' }, note));
}

/** A change in words: better and worse differ by sign too, not by colour alone. */
export function change(difference: number | null, spell: (value: number) => string, goodWhenUp = true): HTMLElement | string {
  if (difference === null || !Number.isFinite(difference)) return '';
  const good = difference === 0 ? '' : (difference > 0) === goodWhenUp ? 'up' : 'down';
  return h('span', { class: good }, `${difference > 0 ? '▲' : difference < 0 ? '▼' : ''} ${spell(difference)}`);
}
