/** The element with an id; the page's own markup has it, or the build is broken. */
export function byId<E extends HTMLElement>(id: string): E {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no #${id}`);
  return found as E;
}

/** A new element with its text and attributes; text is never read as markup. */
export function make<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Record<string, string> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** Outlines on a 24 × 24 grid. */
const ICONS = {
  mic: "M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM5.5 11a6.5 6.5 0 0 0 13 0M12 17.5V21",
  micOff:
    "M4 4l16 16M9 9v2a3 3 0 0 0 4.6 2.5M15 10.500V6a3 3 0 0 0-5.700-1.300M5.500 11a6.500 6.500 0 0 0 10 5.500M18.500 11a6.500 6.500 0 0 1-.6 2.700M12 17.500V21",
  camera: "M3.500 7h10a1.500 1.500 0 0 1 1.500 1.500v7a1.500 1.500 0 0 1-1.500 1.500h-10A1.500 1.500 0 0 1 2 15.500v-7A1.500 1.500 0 0 1 3.500 7zM15 10.500l6-3v9l-6-3",
  cameraOff:
    "M4 4l16 16M8.500 7h5A1.500 1.500 0 0 1 15 8.500v2l6-3v9l-3-1.500M14.500 16.700a1.500 1.500 0 0 1-1 .3h-10A1.500 1.500 0 0 1 2 15.500v-7a1.500 1.500 0 0 1 1-1.400",
  screen: "M3 5h18v11H3zM8 20h8M12 16v4M12 13V8M9.500 10.200 12 7.800l2.500 2.400",
  talk: "M4 5h16v11H10l-4 4v-4H4z",
  leave: "M3 14c0-5 18-5 18 0v2l-5-.8v-2.400c-2.600-.8-5.400-.8-8 0v2.400L3 16z",
} as const;

export type Icon = keyof typeof ICONS;

/** Puts an icon and a name for screen readers and hovering into a button. */
export function dress(button: HTMLElement, icon: Icon, label: string): void {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", ICONS[icon]);
  svg.append(path);
  button.replaceChildren(svg);
  button.setAttribute("aria-label", label);
  button.title = label;
}

/** Shows a sentence, or hides the place for it. */
export function showProblem(place: HTMLElement, sentence: string): void {
  place.textContent = sentence;
  place.hidden = !sentence;
}
