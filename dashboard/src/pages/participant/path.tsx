import type { CandidatePairText, Figure, ParticipantPage, Stream, TimelineFinding } from "../../api/types";
import { Name } from "../../components/texts";
import { formatCountry, formatNetwork } from "../../format/labels";
import { formatMilliseconds, formatPercent, formatBitrate, formatNumber } from "../../format/numbers";

type Hop = "device" | "network" | "route" | "server" | "other";

/** Where on the path a cause lies, seen from the participant at whom it lies. */
const HOPS: Record<string, Hop> = {
  uplink: "network",
  downlink: "network",
  bandwidth: "network",
  relay_tcp: "route",
  round_trip: "route",
  lateness: "route",
  interruption: "network",
  rejoined: "network",
  slow_connect: "route",
  no_answer: "other",
  no_relay_candidate: "network",
  media_refused: "device",
  reception: "server",
  server: "server",
  sender: "other",
  cpu: "device",
  silent_microphone: "device",
  constant_audio: "device",
  audio_not_played: "device",
};

/** The way of the chosen stream in words, with the hop marked at which it broke. */
export function Path({ page, stream, name }: { page: ParticipantPage; stream: Stream | null; name: string }) {
  const isSent = stream?.is_sent ?? true;
  const { lane } = page;
  const finding = findingOf(page, isSent);
  const broken = finding ? (finding.subject === null ? "server" : (HOPS[finding.cause] ?? null)) : null;
  const pair =
    page.candidate_pairs.find((one) => one.is_selected && (one.direction === "producing") === isSent) ??
    page.candidate_pairs.find((one) => one.is_selected);
  const device = [lane.browser, lane.os, factOf(page, "CPUs", (cpus) => `${cpus} processors`)];
  const place = [lane.city, lane.country && formatCountry(lane.country)].filter(Boolean).join(", ");
  const provider = factOf(page, "Org");
  const network = [lane.network && formatNetwork(lane.network), provider].filter(Boolean).join(", then ");
  const others = stream?.others ?? [];
  const hops: { hop: Hop; title: preact.ComponentChildren; more: (string | null | undefined)[] }[] = [
    { hop: "device", title: `${name}’s ${lane.is_mobile ? "phone" : "computer"}`, more: device },
    { hop: "network", title: network || "The network", more: [place, factOf(page, "Autonomous system")] },
    { hop: "route", title: pair ? routeOf(pair) : "The connection", more: [addressesOf(pair), tripOf(pair)] },
    { hop: "server", title: "The server", more: [] },
    {
      hop: "other",
      title: others.length === 1 ? <Name name={others[0]?.name} /> : `${others.length} listeners`,
      more: [],
    },
  ];
  const shown = hops.filter(({ hop }) => hop !== "other" || others.length > 0);
  const ordered = isSent ? shown : shown.toReversed();
  return (
    <section>
      <h2>
        Path of what <bdi>{name}</bdi> {isSent ? "sent" : "received"}
      </h2>
      <ol class="peer-path">
        {ordered.map(({ hop, title, more }) => (
          <li key={hop} class={hop === broken ? "broken" : undefined}>
            {title}
            <small>
              {more.filter(Boolean).join(" · ")}
              {hop === broken && finding && (
                <b>
                  {more.some(Boolean) && " · "}
                  {formatBroken(finding)}
                </b>
              )}
            </small>
          </li>
        ))}
      </ol>
    </section>
  );
}

const RANKS: Record<string, number> = { severe: 0, warning: 1, information: 2 };

/** The worst finding about what was sent, or about what was received. */
function findingOf(page: ParticipantPage, isSent: boolean): TimelineFinding | null {
  const id = page.lane.participant_id;
  const found = page.lane.diagnosis.filter(
    (one) =>
      one.severity !== "information" &&
      (one.direction === null || (one.direction === "sent") === isSent) &&
      !(one.subject !== id && isSent),
  );
  return found.sort((one, other) => (RANKS[one.severity] ?? 3) - (RANKS[other.severity] ?? 3))[0] ?? null;
}

function formatBroken(finding: TimelineFinding): string {
  const [figure] = finding.figures;
  const where = finding.cause === "sender" ? "already bad when it was sent" : "broken here";
  return figure ? `${where}: ${formatFigure(figure)}` : where;
}

/** `loss 12 %, at worst 21 %` */
function formatFigure(figure: Figure): string {
  const words = figure.name.replace(/_(percent|ms|bps|share|s)$/, "").replaceAll("_", " ");
  const format = figure.name.endsWith("_percent")
    ? formatPercent
    : figure.name.endsWith("_ms")
      ? formatMilliseconds
      : figure.name.endsWith("_bps")
        ? formatBitrate
        : formatNumber;
  const typical = figure.typical === null ? "" : ` ${format(figure.typical)},`;
  return `${words}${typical} at worst ${format(figure.worst)}`;
}

/** A fact of a name, as it is or in other words. */
function factOf(page: ParticipantPage, name: string, format = (value: string): string => value): string | null {
  const fact = page.facts.find((one) => one.name === name && one.group !== "Before the call");
  return fact ? format(fact.value) : null;
}

/** `Directly over UDP`: the description without its time and its network, which have places of their own. */
function routeOf(pair: CandidatePairText): string {
  const [protocol = "", ...rest] = pair.sentence.replace(/( over \w+)?(, \d+ ms)?$/, "").split(" ");
  const way = rest.join(" ");
  return way ? `${way[0]?.toUpperCase()}${way.slice(1)} over ${protocol}` : protocol;
}

function addressesOf(pair: CandidatePairText | undefined): string | null {
  return [pair?.local_address, pair?.remote_address].filter(Boolean).join(" → ") || null;
}

function tripOf(pair: CandidatePairText | undefined): string | null {
  return pair?.rtt_ms == null ? null : `about ${formatMilliseconds(pair.rtt_ms)}`;
}
