/** What the browser keeps for the reader: earlier prompts and the theme. Where storage is refused, nothing is kept. */
import { THEMES, type Theme } from './view-state.ts';

const PROMPTS = 'residscope.prompts';
const THEME = 'residscope.theme';
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
  try {
    return THEMES.find((theme) => theme === localStorage.getItem(THEME)) ?? 'auto';
  } catch {
    return 'auto';
  }
}

export function keepTheme(theme: Theme): void {
  store(THEME, theme === 'auto' ? undefined : theme);
}

function store(key: string, value: string | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Storage is off or full: the page works without.
  }
}
