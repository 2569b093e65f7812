import { withoutTurns } from "../format/texts";
import type { ComponentChildren } from "preact";
import { cutSentence, markName, type NamedPart } from "../format/sentences";
import { Timestamp } from "./timestamp";

/** A sentence of the diagnosis with its times in the viewer's zone. */
export function Sentence({ text, anchor }: { text: string; anchor: number | null }) {
  return (
    <bdi class="finding-sentence" dir="ltr" title={text}>
      <Parts parts={cutSentence(withoutTurns(text), anchor)} />
    </bdi>
  );
}

/** A sentence about a person, who is marked at the first mention, or named before the sentence. */
export function SentenceAbout(props: {
  text: string;
  anchor: number | null;
  /** The name as it is in the sentence. */
  name: string;
  marked: ComponentChildren;
  /** What stands between a name that comes first and the sentence. */
  divider: string;
}) {
  const { text, anchor, marked } = props;
  const named = markName(cutSentence(withoutTurns(text), anchor), withoutTurns(props.name));
  if (named === null)
    return (
      <>
        {marked}
        {props.divider}
        <Sentence text={text} anchor={anchor} />
      </>
    );
  return (
    <bdi class="finding-sentence" dir="ltr" title={text}>
      <Parts parts={named} marked={marked} />
    </bdi>
  );
}

function Parts({ parts, marked }: { parts: NamedPart[]; marked?: ComponentChildren }) {
  return (
    <>
      {parts.map((part, index) => {
        if ("at" in part) return <Timestamp key={index} at={part.at} as="exact" />;
        return "name" in part ? marked : part.text;
      })}
    </>
  );
}
