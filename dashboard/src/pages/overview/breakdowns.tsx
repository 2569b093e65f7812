import type { Dimension } from "../../api/constants";
import type { BreakdownRow, Overview, WorstMeeting } from "../../api/types";
import { shareOf, formatCount, formatPercent } from "../../format/numbers";
import { formatTitle, formatValue } from "../../format/labels";
import { sessionsAddress } from "../sessions/filters";

const SHOWN = 8;
const DIMENSIONS: { name: Dimension; title: string }[] = [
  { name: "issue", title: "Issue" },
  { name: "browser", title: "Browser" },
  { name: "os", title: "System" },
  { name: "country", title: "Country" },
  { name: "network", title: "Network" },
  { name: "relay", title: "Path" },
];

interface Part {
  key: string;
  name: string;
  measured: number;
  bad: number;
  filter: Record<string, string>;
}

export function WorstMeetings({ meetings }: { meetings: WorstMeeting[] }) {
  const parts = meetings.map((meeting) => ({
    key: meeting.meeting_id,
    name: formatTitle(meeting),
    measured: meeting.measured_participants,
    bad: meeting.bad_participants,
    filter: { ...meeting.filter, meeting_id_name: formatTitle(meeting) },
  }));
  return <Parts title="Worst meetings" parts={parts} nothing="No meeting had a bad call." />;
}

/** Bad calls by browser, country, network and other dimensions. */
export function Breakdowns({ breakdowns }: { breakdowns: Overview["breakdowns"] }) {
  return (
    <>
      {DIMENSIONS.map(({ name, title }) => (
        <Parts
          key={name}
          title={title}
          parts={breakdowns[name].map((breakdown) => partOf(name, breakdown))}
          nothing="Nothing is known."
        />
      ))}
    </>
  );
}

function partOf(name: Dimension, breakdown: BreakdownRow): Part {
  return {
    key: breakdown.value,
    name: formatValue(name, breakdown.value),
    measured: breakdown.measured_participants,
    bad: breakdown.bad_participants,
    filter: breakdown.filter,
  };
}

function Parts({ title, parts, nothing }: { title: string; parts: Part[]; nothing: string }) {
  return (
    <section class="box" aria-label={title}>
      <h2>{title}</h2>
      {parts.length ? (
        <table class="parts">
          <thead>
            <tr>
              <th scope="col">
                <span class="unseen">{title}</span>
              </th>
              <th scope="col" class="number">
                Calls
              </th>
              <th scope="col" colSpan={2}>
                Bad
              </th>
            </tr>
          </thead>
          <tbody>
            {parts.slice(0, SHOWN).map((part) => (
              <PartRow key={part.key} part={part} />
            ))}
          </tbody>
        </table>
      ) : (
        <p class="faint">{nothing}</p>
      )}
    </section>
  );
}

function PartRow({ part }: { part: Part }) {
  const bad = shareOf(part.bad, part.measured);
  return (
    <tr>
      <td>
        <a href={sessionsAddress(part.filter)}>
          <bdi>{part.name}</bdi>
        </a>
      </td>
      <td class="number">{formatCount(part.measured)}</td>
      <td class="number">
        <a
          class={part.bad ? "bad-number" : "faint-link"}
          href={sessionsAddress({ ...part.filter, bad: "true" })}
          aria-label={`${part.name}: ${formatPercent(bad)} bad`}
        >
          {formatPercent(bad)}
        </a>
      </td>
      <td class="part-bar" aria-hidden="true">
        <span class="bar bad" style={{ width: `${bad ?? 0}%` }} />
      </td>
    </tr>
  );
}
