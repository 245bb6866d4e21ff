/** A question that was not answered, as the service's problem says it. */
export class Problem extends Error {
  constructor(readonly status: number, readonly code: string, detail: string) { super(detail); }
}

interface Kept { tag: string | null; data: unknown }

const kept = new Map<string, Kept>();
let key: string | null = session();
let asking: Promise<string> | null = null;
let askForKey: () => Promise<string> = () => Promise.reject(new Error('Nobody asks for a key.'));
let tenant = '';

function session(): string | null {
  try { return sessionStorage.getItem('retention.key'); } catch { return null; }
}

/** Who is asked for a key when the service wants one. */
export function onKeyNeeded(ask: () => Promise<string>): void { askForKey = ask; }

export function speakFor(name: string): void {
  if (name !== tenant) kept.clear();
  tenant = name;
}

function headers(tag: string | null, wait: number): HeadersInit {
  const sent: Record<string, string> = { Accept: 'application/json' };
  if (tenant) sent['Retention-Tenant'] = tenant;
  if (key) sent.Authorization = `Bearer ${key}`;
  if (tag) sent['If-None-Match'] = tag;
  if (tag && wait) sent.Prefer = `wait=${wait}`;
  return sent;
}

/** Asks, telling what is known; an answer that has not changed is the one that is kept. */
export async function ask<T>(path: string, signal?: AbortSignal, wait = 0): Promise<{ data: T; changed: boolean }> {
  const known = kept.get(path);
  const response = await fetch(path, { headers: headers(known?.tag ?? null, wait), signal, cache: 'no-store' });
  if (response.status === 304 && known) return { data: known.data as T, changed: false };
  if (response.status === 401) {
    await newKey();
    return ask(path, signal, wait);
  }
  if (!response.ok) throw await problemOf(response);
  const data = (await response.json()) as T;
  kept.set(path, { tag: response.headers.get('ETag'), data });
  if (kept.size > 200) kept.delete(kept.keys().next().value!);
  return { data, changed: true };
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> { return (await ask<T>(path, signal)).data; }

export async function post<T>(path: string, body: unknown): Promise<T> {
  const response = await fetch(path, { method: 'POST', headers: { ...headers(null, 0), 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
  if (response.status === 401) {
    await newKey();
    return post(path, body);
  }
  if (!response.ok) throw await problemOf(response);
  return (await response.json()) as T;
}

async function newKey(): Promise<void> {
  // Many questions may find out at once that there is no key: it is asked for once.
  asking ??= askForKey().finally(() => { asking = null; });
  key = await asking;
  try { sessionStorage.setItem('retention.key', key); } catch { /* The key is then kept as long as the page. */ }
}

async function problemOf(response: Response): Promise<Problem> {
  const body = (await response.json().catch(() => ({}))) as { code?: string; detail?: string };
  return new Problem(response.status, body.code ?? 'error', body.detail ?? `${response.status} ${response.statusText}`);
}
