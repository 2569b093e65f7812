import { useState } from "preact/hooks";
import type { ParticipantTimeline, SessionPage } from "../../api/types";
import { LevelMark } from "../../components/level";
import { Popover } from "../../components/popover";
import { Name } from "../../components/texts";
import { formatName } from "../../format/labels";
import { formatCount } from "../../format/numbers";
import { isolate } from "../../format/texts";
import { goQuery } from "../../route";
import { personOf } from "./chosen_lane";
import { byRelevance, findLanes } from "./lane_order";

/** More people than this are chosen from a list. */
const MOST_BUTTONS = 5;
const MOST_LISTED = 40;

/** Shows the page as a person had the call, with the worst moment pinned; `null` as everybody. */
export function seeAs(page: SessionPage, lane: ParticipantTimeline | null): void {
  if (lane === null) {
    goQuery({ person: null, cause: null, at: null });
    return;
  }
  const verdict = page.personal[lane.participant_id];
  goQuery({
    person: personOf(lane, page.lanes),
    cause: null,
    at: verdict?.worst_at ? String(verdict.worst_at) : null,
  });
}

export function SeeAs({ page, chosen }: { page: SessionPage; chosen: ParticipantTimeline | null }) {
  const lanes = page.lanes.filter((lane) => !lane.is_hidden);
  if (lanes.length < 2) return null;
  const sorted = [...lanes].sort(byRelevance);
  if (sorted.length > MOST_BUTTONS) return <SeeAsList page={page} lanes={sorted} chosen={chosen} />;
  return (
    <div class="see-as">
      <span class="faint">See it as</span>
      <div class="segments" role="group" aria-label="See the call as">
        <button type="button" aria-pressed={chosen === null} onClick={() => seeAs(page, null)}>
          Everyone
        </button>
        {sorted.map((lane) => (
          <button
            key={lane.participant_id}
            type="button"
            aria-pressed={lane === chosen}
            title={isolate(formatName(lane.name))}
            onClick={() => seeAs(page, lane)}
          >
            <LevelMark level={lane.level} />
            <bdi class="short-name">{shortName(lane, sorted)}</bdi>
          </button>
        ))}
      </div>
    </div>
  );
}

function SeeAsList(props: { page: SessionPage; lanes: ParticipantTimeline[]; chosen: ParticipantTimeline | null }) {
  const { page, lanes, chosen } = props;
  const label = chosen ? (
    <>
      <LevelMark level={chosen.level} /> <Name name={chosen.name} />
    </>
  ) : (
    `Everyone, ${formatCount(page.call.people || lanes.length)}`
  );
  return (
    <div class="see-as">
      <span class="faint">See it as</span>
      <Popover label={label} name="See the call as" isAtEnd>
        {(close) => <Choice page={page} lanes={lanes} close={close} />}
      </Popover>
    </div>
  );
}

function Choice({ page, lanes, close }: { page: SessionPage; lanes: ParticipantTimeline[]; close: () => void }) {
  const [text, setText] = useState("");
  const found = findLanes(lanes, text);
  const choose = (lane: ParticipantTimeline | null): void => {
    close();
    seeAs(page, lane);
  };
  return (
    <div class="see-as-list">
      <input
        type="search"
        placeholder={`Find among ${formatCount(lanes.length)}`}
        aria-label="Find a person"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && found[0]) choose(found[0]);
        }}
      />
      <ul>
        <li>
          <button type="button" class="quiet" onClick={() => choose(null)}>
            Everyone
          </button>
        </li>
        {found.slice(0, MOST_LISTED).map((lane) => (
          <li key={lane.participant_id}>
            <button type="button" class="quiet" onClick={() => choose(lane)}>
              <LevelMark level={lane.level} />
              <Name name={lane.name} />
            </button>
          </li>
        ))}
      </ul>
      {found.length > MOST_LISTED && <p class="faint">{formatCount(found.length - MOST_LISTED)} more: type a name.</p>}
      {!found.length && <p class="faint">Nobody is called that.</p>}
    </div>
  );
}

/** The first word of a name that nobody else's begins with; else the whole. */
function shortName(lane: ParticipantTimeline, lanes: readonly ParticipantTimeline[]): string {
  const whole = formatName(lane.name);
  if (lane.name !== whole) return whole;
  const first = whole.split(/\s/, 1)[0] || whole;
  const isUnique = lanes.filter((other) => formatName(other.name).split(/\s/, 1)[0] === first).length === 1;
  return isUnique ? first : whole;
}
