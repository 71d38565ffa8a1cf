/** What the browser keeps for the reader: earlier prompts, the theme, whether the tour was offered, single keys. Where storage is refused, nothing is kept. */
import { THEMES, type Theme } from './view-state.ts';

const PROMPTS = 'residscope.prompts';
const THEME = 'residscope.theme';
const TOUR = 'residscope.tour';
const KEYS = 'residscope.keys';
const MOST = 30;

export function earlierPrompts(): readonly string[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(PROMPTS) ?? '[]');
    return Array.isArray(kept) ? kept.filter((p): p is string => typeof p === 'string').slice(0, MOST) : [];
  } catch {
    return [];
  }
}

/** @returns the list with the prompt in front. */
export function keepPrompt(prompt: string, before: readonly string[]): readonly string[] {
  const list = [prompt, ...before.filter((p) => p !== prompt)].slice(0, MOST);
  store(PROMPTS, JSON.stringify(list));
  return list;
}

export function forgetPrompts(): void {
  store(PROMPTS, undefined);
}

export function keptTheme(): Theme {
  return THEMES.find((theme) => theme === stored(THEME)) ?? 'auto';
}

/** Whether the tour was taken or declined. Where nothing is kept it is not offered: it would be each time. */
export function tourSeen(): boolean {
  return stored(TOUR) !== null;
}

export function keepTourSeen(): void {
  store(TOUR, 'seen');
}

/** Whether single characters are shortcuts. */
export function singleKeys(): boolean {
  return stored(KEYS) !== 'off';
}

export function keepSingleKeys(on: boolean): void {
  store(KEYS, on ? undefined : 'off');
}

export function keepTheme(theme: Theme): void {
  store(THEME, theme === 'auto' ? undefined : theme);
}

/** Undefined where storage is refused. */
function stored(key: string): string | null | undefined {
  try {
    return localStorage.getItem(key);
  } catch {
    return undefined;
  }
}

function store(key: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Storage is off or full: the page works without.
  }
}
