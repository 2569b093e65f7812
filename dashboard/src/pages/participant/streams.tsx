import { useState } from "preact/hooks";
import type { Stream } from "../../api/types";
import { LevelMark } from "../../components/level";
import { Name } from "../../components/texts";
import { goQuery } from "../../route";
import { formatPlural, formatMos } from "../../format/numbers";
import { formatName } from "../../format/labels";

/** So many streams of a direction are listed at first, the worst ones. */
const FIRST = 8;

const NAMES: Record<string, string> = {
  audio: "Voice",
  video: "Picture",
  screenshare_audio: "Screen sound",
  screenshare_video: "Screen",
};

export function formatMedium(family: string): string {
  return NAMES[family.replace(/_(producer|consumer)$/, "")] ?? family.replaceAll("_", " ");
}

/** The streams of a participant in both directions, to choose one. */
export function StreamList(props: { streams: Stream[]; chosen: Stream | null; name: string }) {
  const sent = withoutLayers(props.streams.filter((stream) => stream.is_sent));
  const received = props.streams.filter((stream) => !stream.is_sent);
  return (
    <nav class="peer-streams" aria-label="Streams">
      <Direction title={`${props.name} sent`} streams={sent} chosen={props.chosen} />
      <Direction title={`${props.name} received`} streams={received} chosen={props.chosen} />
      {props.streams.length > 0 && <p class="faint">Figures: MOS of the worst tenth, 1 to 5.</p>}
    </nav>
  );
}

function Direction(props: { title: string; streams: Stream[]; chosen: Stream | null }) {
  const [isWhole, setIsWhole] = useState(false);
  const { streams, chosen } = props;
  const ranked = streams.length > FIRST ? [...streams].sort((one, other) => rankOf(one) - rankOf(other)) : streams;
  const shown = isWhole ? ranked : ranked.filter((stream, place) => place < FIRST || isChosen(stream, chosen));
  return (
    <section>
      <h2>
        <bdi>{props.title}</bdi>
        {streams.length > FIRST && <span class="faint"> {streams.length}</span>}
      </h2>
      {!streams.length && <p class="faint">Nothing</p>}
      <ul>
        {shown.map((stream) => (
          <li key={stream.key}>
            <button
              type="button"
              class="stream"
              data-stream={stream.key}
              aria-pressed={isChosen(stream, chosen)}
              onClick={() => goQuery({ stream: stream.key, other: null }, true)}
            >
              <LevelMark level={stream.level} />
              <span class="stream-name">
                {formatMedium(stream.family)} <OtherEnds stream={stream} />
              </span>
              <span class="number">{formatMos(stream.p10_mos)}</span>
            </button>
          </li>
        ))}
      </ul>
      {shown.length < streams.length && (
        <button type="button" class="link" onClick={() => setIsWhole(true)}>
          All {streams.length}, of which the worst are above
        </button>
      )}
    </section>
  );
}

function isChosen(stream: Stream, chosen: Stream | null): boolean {
  return chosen !== null && (stream.key === chosen.key || isLayerOf(chosen, stream));
}

function rankOf(stream: Stream): number {
  return (stream.level || 5) * 10 + (stream.p10_mos ?? 9);
}

/** Of the simulcast layers of one picture only the one that is judged, else the one with the most points. */
function withoutLayers(sent: Stream[]): Stream[] {
  const isBetter = (one: Stream, other: Stream): number =>
    Number(other.p10_mos !== null) - Number(one.p10_mos !== null) || other.points - one.points;
  return sent.filter((stream) => {
    const layers = sent.filter((one) => isLayerOf(one, stream));
    return layers.length < 2 || [...layers].sort(isBetter)[0] === stream;
  });
}

/** Whether two streams are simulcast layers of one picture. */
export function isLayerOf(one: Stream, stream: Stream): boolean {
  return one.is_sent && stream.kind === "video" && stream.mid !== null && one.mid === stream.mid && one.family === stream.family;
}

/** `to 3`, `of Noor`. */
export function OtherEnds({ stream }: { stream: Stream }) {
  const [first] = stream.others;
  if (!first) return <span class="faint">{stream.is_sent ? "" : "of somebody unknown"}</span>;
  if (!stream.is_sent) {
    return (
      <span class="faint">
        of <Name name={first.name} />
      </span>
    );
  }
  return (
    <span class="faint">
      to {stream.others.length === 1 ? <Name name={first.name} /> : stream.others.length}
    </span>
  );
}

/** The other ends of a stream as plain words. */
export function formatOtherEnds(stream: Stream): string {
  const [first] = stream.others;
  if (!first) return stream.is_sent ? "" : "of somebody unknown";
  if (!stream.is_sent) return `of ${formatName(first.name)}`;
  return stream.others.length === 1
    ? `to ${formatName(first.name)}`
    : `to ${formatPlural(stream.others.length, "listener")}`;
}
