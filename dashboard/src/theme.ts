/** Light, dark, or the system's theme. */

import { signal } from "@preact/signals";

export type Theme = "auto" | "light" | "dark";

const KEY = "aftercall.theme";
const ORDER: readonly Theme[] = ["auto", "light", "dark"];

export const theme = signal<Theme>(readTheme());

/** Grows when the colours change, so that canvases are drawn again. */
export const colours = signal(0);

export function nextTheme(): void {
  const next = ORDER[(ORDER.indexOf(theme.value) + 1) % ORDER.length] ?? "auto";
  theme.value = next;
  const root = document.documentElement;
  if (next === "auto") delete root.dataset.theme;
  else root.dataset.theme = next;
  try {
    if (next === "auto") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, next);
  } catch {
    // Then it holds for this page only.
  }
  colours.value += 1;
}

export function followSystemTheme(): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    colours.value += 1;
  });
}

const resolved = new Map<string, string>();

/** The current value of a style sheet's colour, for a canvas. */
export function colour(name: string): string {
  const key = `${colours.peek()}:${name}`;
  const known = resolved.get(key);
  if (known !== undefined) return known;
  const probe = document.createElement("span");
  probe.style.color = `var(--${name})`;
  document.documentElement.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  resolved.set(key, found);
  return found;
}

function readTheme(): Theme {
  const given = document.documentElement.dataset.theme;
  return given === "light" || given === "dark" ? given : "auto";
}
