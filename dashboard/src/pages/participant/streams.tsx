import type { Stream } from "../../api/types";
import { LevelMark } from "../../components/level";
import { goQuery } from "../../route";
import { formatPlural, formatMos } from "../../format/numbers";
import { formatFamily, formatName } from "../../format/labels";

/** The streams of a participant, to choose one. */
export function StreamList({ streams, chosen }: { streams: Stream[]; chosen: Stream | null }) {
  const groups = [
    { name: "Sent", streams: streams.filter((stream) => stream.is_sent) },
    { name: "Received", streams: streams.filter((stream) => !stream.is_sent) },
  ];
  return (
    <nav class="streams" aria-label="Streams">
      {groups.map(
        (group) =>
          group.streams.length > 0 && (
            <div key={group.name}>
              <h2>
                {group.name} <span class="faint">{group.streams.length}</span>
              </h2>
              <ul tabIndex={0} aria-label={`${group.name} streams`}>
                {group.streams.map((stream) => (
                  <li key={stream.key}>
                    <button
                      type="button"
                      class="stream"
                      data-stream={stream.key}
                      aria-pressed={stream.key === chosen?.key}
                      onClick={() => goQuery({ stream: stream.key, other: null }, true)}
                    >
                      <LevelMark level={stream.level} />
                      <span class="stream-name">
                        {formatFamily(stream.family)}
                        <span class="faint"> {formatOtherEnds(stream)}</span>
                      </span>
                      <span class="number" title="Tenth percentile of the MOS">
                        {formatMos(stream.p10_mos)}
                      </span>
                    </button>
                  </li>
                ))}
              </ul>
            </div>
          ),
      )}
    </nav>
  );
}

export function formatOtherEnds(stream: Stream): string {
  const [first] = stream.others;
  if (!first) return stream.is_sent ? "" : "from somebody unknown";
  if (!stream.is_sent) return `from ${formatName(first.name)}`;
  return stream.others.length === 1
    ? `to ${formatName(first.name)}`
    : `to ${formatPlural(stream.others.length, "listener")}`;
}
