import { cutSentence } from "../words/sentences";
import { Moment } from "./moment";

/** A sentence of the diagnosis with its moments in the viewer's zone. */
export function Sentence({ text, anchor }: { text: string; anchor: number | null }) {
  return (
    <span class="finding-sentence" title={text}>
      {cutSentence(text, anchor).map((part, index) =>
        "at" in part ? <Moment key={index} at={part.at} as="exact" /> : part.text,
      )}
    </span>
  );
}
