import { locale, t } from './i18n';
import type { Grain } from './state';

let currency: string | null = null;

export function useCurrency(code: string | null): void { currency = code; }

const unknown = '–';

export function whole(value: number | null | undefined): string {
  return value === null || value === undefined ? unknown : new Intl.NumberFormat(locale(), { maximumFractionDigits: 0 }).format(value);
}

export function decimal(value: number | null | undefined, digits = 1): string {
  return value === null || value === undefined ? unknown : new Intl.NumberFormat(locale(), { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

export function percent(value: number | null | undefined, digits = 1): string {
  return value === null || value === undefined ? unknown : new Intl.NumberFormat(locale(), { style: 'percent', minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

export function signed(value: number, digits = 1): string {
  return new Intl.NumberFormat(locale(), { signDisplay: 'exceptZero', minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

export function money(value: number | null | undefined, digits = 0): string {
  if (value === null || value === undefined) return unknown;
  const style = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(locale(), currency ? { style: 'currency', currency, ...style } : style).format(value);
}

export function compactMoney(value: number | null | undefined): string {
  if (value === null || value === undefined) return unknown;
  // What a small shop turns over is not rounded to thousands.
  const style = Math.abs(value) < 10_000 ? { maximumFractionDigits: Math.abs(value) < 100 ? 2 : 0, trailingZeroDisplay: 'stripIfInteger' } as const : { notation: 'compact', maximumFractionDigits: 1 } as const;
  return new Intl.NumberFormat(locale(), currency ? { style: 'currency', currency, ...style } : style).format(value);
}

/** Seconds in the largest unit that leaves a figure above one. */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return unknown;
  const [value, unit] = seconds < 90 ? [seconds, 'second'] : seconds < 5400 ? [seconds / 60, 'minute'] : seconds < 172_800 ? [seconds / 3600, 'hour'] : [seconds / 86_400, 'day'];
  return new Intl.NumberFormat(locale(), { style: 'unit', unit: unit as string, unitDisplay: 'short', maximumFractionDigits: (value as number) < 10 ? 1 : 0 }).format(value as number);
}

export function day(date: string | null | undefined): string {
  return date ? new Intl.DateTimeFormat(locale(), { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' }).format(new Date(`${date.slice(0, 10)}T00:00Z`)) : unknown;
}

/** The name of a period by its first day. */
export function period(date: string, grain: Grain | string | null): string {
  const at = new Date(`${date.slice(0, 10)}T00:00Z`);
  const written = (style: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale(), { ...style, timeZone: 'UTC' }).format(at);
  if (grain === 'year') return date.slice(0, 4);
  if (grain === 'quarter') return `Q${Math.floor(at.getUTCMonth() / 3) + 1} ${date.slice(0, 4)}`;
  if (grain === 'month') return written({ month: 'short', year: 'numeric' });
  return written({ day: 'numeric', month: 'short', year: '2-digit' });
}

export function interval(of: [number, number] | null | undefined, spell: (value: number) => string): string {
  return of ? `${spell(of[0])} – ${spell(of[1])}` : unknown;
}

export function status(of: string): string { return t(of as 'complete'); }
