import { useMemo } from "preact/hooks";
import type { ConnectionColumns, Stream } from "../../api/types";
import { Chart, type Line } from "../../components/chart";
import { formatBitrate, formatMilliseconds, formatNumber, UNKNOWN } from "../../format/numbers";
import { cursor } from "../session/time_cursor";
import { limitsOf } from "./limits";
import { isKnown, join, joinLayers, MEASURES, nearest, type Measure } from "./metrics";

/** The score is read first, and needs more room for its limits. */
const TALL = 128;
const HEIGHT = 84;
/** A sample further from the cursor than this is not shown at it. */
const REACH_MS = 20_000;

interface Frame {
  from_at: number;
  to_at: number;
  shaded: [number, number][];
  onZoom: (from: number, to: number) => void;
}

/** The charts of a stream's known metrics, with those of its other layers and of the other end. */
export function StreamCharts(
  props: Frame & { stream: Stream; layers: Stream[]; other: Stream | null; otherName: string | null },
) {
  const { stream, other } = props;
  const known = MEASURES.filter(
    (measure) => isKnown(stream[measure.name]) || (other && isKnown(other[measure.name])),
  );
  return (
    <>
      {known.map((measure) => (
        <MeasureChart key={measure.name} {...props} measure={measure} />
      ))}
    </>
  );
}

function MeasureChart(
  props: Frame & {
    stream: Stream;
    layers: Stream[];
    other: Stream | null;
    otherName: string | null;
    measure: Measure;
  },
) {
  const { stream, layers, other, measure } = props;
  const own = stream[measure.name];
  const others = other?.[measure.name] ?? [];
  const { t, lines } = useMemo(() => {
    const joined = join(stream.t, own, other?.t ?? [], others);
    const lines: Line[] = [{ name: "Here", values: joined.values, colour: "series-1" }];
    if (isKnown(others)) {
      lines.push({ name: "There", values: joined.others, colour: "series-2", isDashed: true });
    }
    const below = measure.isOfLayers ? layers.filter((layer) => isKnown(layer[measure.name])) : [];
    return joinLayers(joined.t, lines, below, measure.name);
  }, [stream, other, measure, layers]);
  const at = cursor.value;
  const index = at === null ? null : nearest(stream.t, at, REACH_MS);
  const otherIndex = at === null || !other ? null : nearest(other.t, at, REACH_MS);
  const value = index === null ? null : (own[index] ?? null);
  return (
    <figure class="measure" data-measure={measure.name} data-points={own.length}>
      <figcaption>
        <b>{measure.title}</b>
        <span class="reading-here" data-at={index === null ? undefined : stream.t[index]}>
          {at === null ? formatSpread(own, measure) : measure.format(value)}
        </span>
        {isKnown(others) && (
          <span class="reading-there">
            {at === null
              ? formatSpread(others, measure)
              : measure.format(otherIndex === null ? null : (others[otherIndex] ?? null))}
            <span class="unseen"> at {props.otherName}</span>
          </span>
        )}
      </figcaption>
      <Chart
        label={`${measure.title} over time: ${formatSpread(own, measure)}`}
        t={t}
        lines={lines}
        from_at={props.from_at}
        to_at={props.to_at}
        height={measure.name === "mos" ? TALL : HEIGHT}
        {...(measure.range ? { range: measure.range } : {})}
        limits={limitsOf(stream, measure)}
        shaded={props.shaded}
        onZoom={props.onZoom}
        hasAxes
      />
    </figure>
  );
}

/** The least and the greatest value. */
function formatSpread(values: readonly (number | null)[], measure: Measure): string {
  let least = Infinity;
  let greatest = -Infinity;
  for (const value of values) {
    if (value === null) continue;
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  if (least > greatest) return UNKNOWN;
  const [from, to] = [measure.format(least), measure.format(greatest)];
  return from === to ? from : `${from} to ${to}`;
}

/** The charts of the connection. */
export function ConnectionCharts(props: Frame & { connection: ConnectionColumns | null }) {
  const { connection } = props;
  const charts: { name: keyof ConnectionColumns; title: string; format: (value: number | null) => string }[] = [
    { name: "available_outgoing_bps", title: "Bandwidth", format: formatBitrate },
    { name: "rtt_ms", title: "Path’s round trip", format: formatMilliseconds },
    { name: "audio_level", title: "Audio level", format: formatNumber },
  ];
  if (!connection) return null;
  const known = charts.filter((chart) => isKnown(connection[chart.name]));
  if (!known.length) return null;
  return (
    <section aria-label="Connection">
      <h2 class="peer-charts-title">Connection</h2>
      {known.map((chart) => (
        <ConnectionChart key={chart.name} {...props} {...chart} connection={connection} />
      ))}
    </section>
  );
}

function ConnectionChart(
  props: Frame & {
    connection: ConnectionColumns;
    name: keyof ConnectionColumns;
    title: string;
    format: (value: number | null) => string;
  },
) {
  const { connection } = props;
  const values = connection[props.name];
  const lines = useMemo<Line[]>(
    () => [{ name: props.title, values, colour: "series-1", isStepped: props.name === "available_outgoing_bps" }],
    [values],
  );
  const at = cursor.value;
  const index = at === null ? null : nearest(connection.t, at, REACH_MS);
  return (
    <figure class="measure" data-measure={`connection_${props.name}`}>
      <figcaption>
        <b>{props.title}</b>
        {at !== null && (
          <span class="reading-here">{props.format(index === null ? null : (values[index] ?? null))}</span>
        )}
      </figcaption>
      <Chart
        label={`${props.title} over time`}
        t={connection.t}
        lines={lines}
        from_at={props.from_at}
        to_at={props.to_at}
        height={HEIGHT}
        shaded={props.shaded}
        onZoom={props.onZoom}
        hasAxes
      />
    </figure>
  );
}
