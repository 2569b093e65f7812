import type { AttendanceRow, AttendanceTotal } from "../../api/types";
import { now } from "../../clock";
import { Name } from "../../components/texts";
import { Timestamp } from "../../components/timestamp";
import { formatName } from "../../format/labels";
import { formatCount, formatPlural, UNKNOWN } from "../../format/numbers";
import { formatDateTime, formatPresence, formatTimeWithSeconds } from "../../format/time";

/** The time that the bars of stays span. */
export interface Span {
  from: number;
  to: number;
}

/** One row a person, with the sum. Of one session with bars of the stays, of several with their number. */
export function AttendanceTable(props: {
  rows: readonly AttendanceRow[];
  total: AttendanceTotal | null;
  /** Of one session. */
  span?: Span;
  caption: string;
}) {
  const { rows, total, span } = props;
  const hasTalk = rows.some((row) => row.talk_minutes !== null);
  const parts = { span, hasTalk };
  return (
    <table class={span ? "attendance of-session" : "attendance"}>
      <caption class="unseen">{props.caption}</caption>
      <thead>
        <tr>
          <th scope="col">Person</th>
          <th scope="col" class="c-known">
            Known as
          </th>
          <th scope="col">{span ? "Joined" : "First joined"}</th>
          <th scope="col">{span ? "Left" : "Last left"}</th>
          {span ? (
            <th scope="col" class="c-stays">
              Stays
            </th>
          ) : (
            <>
              <th scope="col" class="number">
                Sessions
              </th>
              <th scope="col" class="number c-known">
                Stays
              </th>
            </>
          )}
          <th scope="col" class="number">
            There
          </th>
          {hasTalk && (
            <th scope="col" class="number c-talk" title="Time in which the transcript has words of the person">
              Spoke
            </th>
          )}
          <th scope="col" class="c-note">
            Note
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row, index) => (
          <Row key={`${row.person} ${index}`} row={row} {...parts} />
        ))}
      </tbody>
      {total && rows.length > 0 && <Sum total={total} {...parts} />}
    </table>
  );
}

interface Parts {
  span: Span | undefined;
  hasTalk: boolean;
}

function Row({ row, span, hasTalk }: { row: AttendanceRow } & Parts) {
  const known = row.custom_participant_id ?? row.user_id ?? "";
  return (
    <tr>
      <td class="name">
        <a class="row-link long" href={`/people/${encodeURIComponent(row.person)}`} title={formatName(row.name)}>
          <Name name={row.name} />
        </a>
      </td>
      <td class="faint c-known">
        <bdi class="long" title={known}>
          {known}
        </bdi>
      </td>
      <td>{span ? <Timestamp at={row.joined_at} as="exact" /> : <Timestamp at={row.joined_at} />}</td>
      <td>
        <Left row={row} isExact={span !== undefined} />
      </td>
      {span ? (
        <td class="c-stays">
          <Stays row={row} span={span} />
        </td>
      ) : (
        <>
          <td class="number">{formatCount(row.sessions)}</td>
          <td class="number c-known">{formatCount(row.stays)}</td>
        </>
      )}
      <td class="number" title={`${row.minutes} min`}>
        {formatPresence(row.minutes)}
      </td>
      {hasTalk && <td class="number c-talk">{row.talk_minutes === null ? UNKNOWN : formatPresence(row.talk_minutes)}</td>}
      <td class="faint c-note">{noteOf(row, span !== undefined)}</td>
    </tr>
  );
}

function Left({ row, isExact }: { row: AttendanceRow; isExact: boolean }) {
  if (row.left_at === null) return <span class="still-there">there now</span>;
  const text = isExact ? formatTimeWithSeconds(row.left_at) : formatDateTime(row.left_at, now.peek());
  return (
    <time
      dateTime={new Date(row.left_at).toISOString()}
      title={row.left_is_inferred ? "Nobody reported the end: it is that of the last report." : undefined}
    >
      {row.left_is_inferred ? `~${text}` : text}
    </time>
  );
}

function noteOf(row: AttendanceRow, isOfSession: boolean): string {
  return [
    isOfSession && row.stays > 1 && formatPlural(row.stays, "stay"),
    row.left_is_inferred && "end inferred",
    row.namesakes > 1 && `one of ${formatCount(row.namesakes)} of this name`,
  ]
    .filter(Boolean)
    .join(", ");
}

function Stays({ row, span }: { row: AttendanceRow; span: Span }) {
  const width = Math.max(1, span.to - span.from);
  const at = (time: number): number => (1_000 * (Math.min(span.to, Math.max(span.from, time)) - span.from)) / width;
  const label = row.spans.map(([from, to]) => `${formatTimeWithSeconds(from)} to ${formatTimeWithSeconds(to)}`).join(", ");
  return (
    <svg class="stays" viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label={`Stays: ${label || "none"}`}>
      <title>{label}</title>
      {row.spans.map(([from, to]) => (
        <rect key={from} x={at(from)} y={0} width={Math.max(2, at(to) - at(from))} height={10} />
      ))}
    </svg>
  );
}

function Sum({ total, span, hasTalk }: { total: AttendanceTotal } & Parts) {
  return (
    <tfoot>
      <tr>
        <th scope="row">{formatPlural(total.people, "person", "people")}</th>
        <td class="c-known" />
        <td />
        <td />
        {span ? (
          <td class="c-stays" />
        ) : (
          <>
            <td class="number" />
            <td class="number c-known">{formatCount(total.stays)}</td>
          </>
        )}
        <td class="number" title={`${total.minutes} min`}>
          {formatPresence(total.minutes)}
        </td>
        {hasTalk && (
          <td class="number c-talk">{total.talk_minutes === null ? UNKNOWN : formatPresence(total.talk_minutes)}</td>
        )}
        <td class="c-note" />
      </tr>
    </tfoot>
  );
}
