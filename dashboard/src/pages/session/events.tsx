import { useMemo } from "preact/hooks";
import type { CallEvent, ParticipantTimeline, SessionPage } from "../../api/types";
import { Timestamp } from "../../components/timestamp";
import { Empty } from "../../components/placeholders";
import { VirtualList } from "../../components/virtual_list";
import { formatEvent, formatName } from "../../format/labels";
import { cursor, isInList, pin, point } from "./time_cursor";
import { idsOf } from "./stays";
import { lastBefore } from "./time_scale";

const ROW_HEIGHT = 30;

/** All events, oldest first. */
export function EventList({ page }: { page: SessionPage }) {
  const names = useMemo(() => namesOf(page.lanes), [page.lanes]);
  if (!page.events.length) return <Empty title="No event was reported" />;
  const here = lastBefore(page.events, cursor.value);
  return (
    <>
      <VirtualList
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
  return new Map(lanes.flatMap((lane) => idsOf(lane).map((id) => [id, formatName(lane.name)])));
}

function EventRow(props: { event: CallEvent; name: string | undefined; isHere: boolean }) {
  const { event } = props;
  const details = formatData(event.data);
  return (
    <div
      class={props.isHere ? "event here" : "event"}
      onPointerEnter={() => point(event.at, true)}
      onPointerLeave={() => point(null)}
    >
      <button type="button" class="quiet" title="Show this moment" onClick={() => pin(event.at)}>
        <Timestamp at={event.at} as="exact" />
      </button>
      <span class="event-text" title={details}>
        {props.name && (
          <b>
            <bdi>{props.name}</bdi>{" "}
          </b>
        )}
        {formatEvent(event.name)}
        {details && <bdi class="faint"> {details}</bdi>}
      </span>
    </div>
  );
}

/** The data of an event on one line. */
export function formatData(data: Record<string, unknown>): string {
  return Object.entries(data)
    .filter(([, value]) => value !== null && value !== "")
    .map(([name, value]) => `${name.replaceAll("_", " ")}: ${typeof value === "object" ? JSON.stringify(value) : String(value)}`)
    .join(", ");
}
