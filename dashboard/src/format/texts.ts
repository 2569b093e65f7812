/** Texts of people: whether they can be seen, and how they stand among other words. */

/**
 * Characters that leave no ink: controls, formats, separators, what fonts ignore, and letters that are
 * blank by definition (Hangul fillers, the empty Braille cell).
 */
const BLANK = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u115F\u1160\u2800\u3164\uFFA0]/gu;

/** Scripts from right to left, and characters that turn the direction. */
const TURNS =
  /[\u0590-\u08FF\u200E\u200F\u202A-\u202E\u2066-\u2069\uFB1D-\uFDFF\uFE70-\uFEFC\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]/u;

/** Whether a text has a glyph that can be seen. */
export function isVisible(text: string | null | undefined): text is string {
  return !!text && text.replace(BLANK, "") !== "";
}

/** A sentence that names people without the marks by which a name could turn its words. */
export function withoutTurns(text: string): string {
  return text.replace(/[\u202A-\u202E\u2066-\u2069]/g, "");
}

/**
 * A text of a person for a place where no element can isolate it (a tab's title, a tooltip): between
 * Unicode's isolating marks, if it could turn the words around it.
 */
export function isolate(text: string): string {
  if (!TURNS.test(text)) return text;
  // What a text turns and does not end, or ends and did not turn, must stay inside.
  return `\u2068${withoutTurns(text)}\u2069`;
}

/** The first names of a list and the number of the others: `Ada, Ben and 3 others`. */
export function formatNames(names: readonly string[], total: number, shown = 2): string {
  const first = names.slice(0, shown);
  const others = Math.max(total, names.length) - first.length;
  if (others > 0) return `${first.join(", ")} and ${others === 1 ? "1 other" : `${others} others`}`;
  return first.length > 1 ? `${first.slice(0, -1).join(", ")} and ${first.at(-1)}` : (first[0] ?? "");
}
