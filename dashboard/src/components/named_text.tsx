import type { TextPart } from "../api/types";
import { formatName } from "../format/labels";
import { cutSentence } from "../format/sentences";
import { withoutTurns } from "../format/texts";
import { Timestamp } from "./timestamp";

/** A number and its unit stay on one line; apostrophes are the typographic ones. */
export function setWords(words: string): string {
  return words.replace(/(\d) (?=%|ms|s\b|min|h\b|kbit|of \d)/g, "$1\u00a0").replaceAll("'", "\u2019");
}

/** A text of the server: each name apart from the words around it, times in the chosen zone. */
export function NamedText({ text, anchor }: { text: readonly TextPart[]; anchor: number | null }) {
  return (
    <>
      {text.map((part, place) =>
        part.participant_id ? (
          <bdi key={place}>{formatName(part.text)}</bdi>
        ) : (
          <Words key={place} words={part.text} anchor={anchor} />
        ),
      )}
    </>
  );
}

function Words({ words, anchor }: { words: string; anchor: number | null }) {
  return (
    <>
      {cutSentence(withoutTurns(words), anchor).map((part, place) =>
        "at" in part ? <Timestamp key={place} at={part.at} as="exact" /> : setWords(part.text),
      )}
    </>
  );
}

/** The same as plain text, times as the server wrote them. */
export function plainText(text: readonly TextPart[]): string {
  return text.map((part) => (part.participant_id ? formatName(part.text) : part.text)).join("");
}
