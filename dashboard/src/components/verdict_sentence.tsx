import type { VerdictWords } from "../api/types";
import { NamedText } from "./named_text";

/** Who had what trouble, and who noticed: the first sentence of a page. */
export function VerdictSentence({ verdict, anchor }: { verdict: VerdictWords; anchor: number | null }) {
  return (
    <>
      {verdict.who.length > 0 && (
        <em class={`ink-${verdict.level}`}>
          <NamedText text={verdict.who} anchor={anchor} />
        </em>
      )}
      <NamedText text={verdict.what} anchor={anchor} />
      {verdict.reach.length > 0 && (
        <span class="answer-reach">
          {" "}
          <NamedText text={verdict.reach} anchor={anchor} />
        </span>
      )}
    </>
  );
}
