/** One lane for each person: who came back as another participant is one person with several stays. */

import type { Level, ParticipantTimeline } from "../../api/types";

/** A person's lane; `participant_id` is the participant with the worst quality. */
interface PersonLane extends ParticipantTimeline {
  participant_ids: readonly string[];
}

/** The lanes of people. Participants of one person who were there at the same time, in two tabs, stay
 * apart. */
export function joinStays(lanes: readonly ParticipantTimeline[]): ParticipantTimeline[] {
  const byPerson = new Map<string, ParticipantTimeline[]>();
  for (const lane of [...lanes].sort((one, other) => one.joined_at - other.joined_at)) {
    const own = byPerson.get(lane.person) ?? [];
    const last = own.at(-1);
    if (last && last.is_hidden === lane.is_hidden && last.left_at !== null && last.left_at <= lane.joined_at) {
      own[own.length - 1] = join(last, lane);
    } else own.push(lane);
    byPerson.set(lane.person, own);
  }
  return [...byPerson.values()].flat();
}

/** The lane that a participant is in. */
export function laneOf(
  lanes: readonly ParticipantTimeline[],
  participantId: string | null,
): ParticipantTimeline | undefined {
  return lanes.find((lane) => idsOf(lane).some((id) => id === participantId));
}

/** The participants of a lane. */
export function idsOf(lane: ParticipantTimeline): readonly string[] {
  return (lane as Partial<PersonLane>).participant_ids ?? [lane.participant_id];
}

function join(first: ParticipantTimeline, second: ParticipantTimeline): PersonLane {
  const [worse, better] = (second.level || 5) < (first.level || 5) ? [second, first] : [first, second];
  return {
    ...better,
    ...known(worse),
    participant_id: worse.participant_id,
    participant_ids: [...idsOf(first), ...idsOf(second)],
    joined_at: first.joined_at,
    left_at: second.left_at,
    left_is_inferred: second.left_is_inferred,
    minutes: first.minutes + second.minutes,
    peers: [...first.peers, ...second.peers],
    muted: [...first.muted, ...second.muted],
    camera_off: [...first.camera_off, ...second.camera_off],
    screenshare: [...first.screenshare, ...second.screenshare],
    mos_audio: beside(first.mos_audio, second.mos_audio, lower),
    mos_video: beside(first.mos_video, second.mos_video, lower),
    levels: beside(first.levels, second.levels, worst),
    worst_stream: beside(first.worst_stream, second.worst_stream, worst),
    // Of the worse of the two stays: no better than the worst tenth of both together.
    p10_mos_audio: lower(first.p10_mos_audio, second.p10_mos_audio),
    p10_mos_video: lower(first.p10_mos_video, second.p10_mos_video),
    level: worst(first.level, second.level),
    audio_level: worst(first.audio_level, second.audio_level),
    video_level: worst(first.video_level, second.video_level),
    is_bad: first.is_bad || second.is_bad,
    is_measured: first.is_measured || second.is_measured,
  };
}

function known(lane: ParticipantTimeline): Partial<ParticipantTimeline> {
  return Object.fromEntries(Object.entries(lane).filter(([, value]) => value !== null));
}

function beside<Value>(
  one: readonly Value[],
  other: readonly Value[],
  both: (one: Value, other: Value) => Value,
): Value[] {
  const [longer, shorter] = one.length >= other.length ? [one, other] : [other, one];
  return longer.map((value, index) => (index < shorter.length ? both(value, shorter[index] as Value) : value));
}

function lower(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.min(one, other);
}

/** Level 0 is unknown. */
function worst(one: Level, other: Level): Level {
  if (!one || !other) return one || other;
  return one < other ? one : other;
}
