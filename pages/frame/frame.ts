/** The bar on top of the pages beside the dashboard: the way back, and the theme. */

const KEY = "aftercall.theme";
const THEMES = ["auto", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];

const NAMES: Record<Theme, string> = { auto: "as the system", light: "light", dark: "dark" };

/** The theme that the dashboard shows too; `/theme.js` has set it before the first paint. */
function readTheme(): Theme {
  const given = document.documentElement.dataset.theme;
  return given === "light" || given === "dark" ? given : "auto";
}

/** Makes the bar's button change the theme; calls `onChange` with whether the page is dark. */
export function startFrame(onChange: (isDark: boolean) => void = () => {}): void {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const button = document.getElementById("theme");
  const show = (): void => {
    const theme = readTheme();
    button?.setAttribute("aria-label", `Colours: ${NAMES[theme]}`);
    button?.setAttribute("title", `Colours: ${NAMES[theme]}`);
    onChange(theme === "auto" ? dark.matches : theme === "dark");
  };
  button?.addEventListener("click", () => {
    const next = THEMES[(THEMES.indexOf(readTheme()) + 1) % THEMES.length] ?? "auto";
    if (next === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    try {
      if (next === "auto") localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, next);
    } catch {
      // Then it holds for this page only.
    }
    show();
  });
  dark.addEventListener("change", show);
  show();
}
