import { useMemo } from "preact/hooks";
import type { CallEvent, ParticipantTimeline, SessionPage } from "../../api/types";
import { Moment } from "../../parts/moment";
import { Empty } from "../../parts/states";
import { Windowed } from "../../parts/windowed";
import { tellEvent, tellName } from "../../words/issues";
import { cursor, isInList, pin, point } from "./cursor";
import { lastBefore } from "./scale";

const ROW_HEIGHT = 30;

/** Everything that happened, oldest first. */
export function EventList({ page }: { page: SessionPage }) {
  const names = useMemo(() => namesOf(page.lanes), [page.lanes]);
  if (!page.events.length) return <Empty title="Nothing happened that anybody told" />;
  const here = lastBefore(page.events, cursor.value);
  return (
    <>
      <Windowed
        items={page.events}
        rowHeight={ROW_HEIGHT}
        label="Events"
        show={isInList.value ? null : here}
        row={(event, index) => (
          <EventRow event={event} name={names.get(event.participant_id ?? "")} isHere={index === here} />
        )}
      />
      {page.events_are_cut && <p class="faint">Only the first {page.events.length} are shown.</p>}
    </>
  );
}

export function namesOf(lanes: readonly ParticipantTimeline[]): Map<string, string> {
  return new Map(lanes.map((lane) => [lane.participant_id, tellName(lane.name)]));
}

function EventRow(props: { event: CallEvent; name: string | undefined; isHere: boolean }) {
  const { event } = props;
  const details = tellData(event.data);
  return (
    <div
      class={props.isHere ? "event here" : "event"}
      onPointerEnter={() => point(event.at, true)}
      onPointerLeave={() => point(null)}
    >
      <button type="button" class="quiet" title="Show this moment" onClick={() => pin(event.at)}>
        <Moment at={event.at} as="exact" />
      </button>
      <span class="event-text" title={details}>
        {props.name && <b>{props.name} </b>}
        {tellEvent(event.name)}
        {details && <span class="faint"> {details}</span>}
      </span>
    </div>
  );
}

/** What an event brought along, on one line. */
export function tellData(data: Record<string, unknown>): string {
  return Object.entries(data)
    .filter(([, value]) => value !== null && value !== "")
    .map(([name, value]) => `${name.replaceAll("_", " ")}: ${typeof value === "object" ? JSON.stringify(value) : String(value)}`)
    .join(", ");
}
