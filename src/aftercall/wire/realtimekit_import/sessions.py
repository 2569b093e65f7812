"""A session, its participants and their peers, from RealtimeKit's answers."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from aftercall.core.errors import Malformed
from aftercall.core.ids import is_path_id
from aftercall.core.imported_session import IMPORTED_SOURCE
from aftercall.core.instants import EpochMs, day_of, minutes_between
from aftercall.core.records import (
    EVERY_KIND,
    EndReason,
    LeaveReason,
    Participant,
    Peer,
    Phase,
    Session,
    SessionKind,
    ViewType,
)
from aftercall.core.retention import DataKind
from aftercall.wire.realtimekit_import.json_members import (
    Json,
    count_in,
    list_in,
    number_in,
    text_in,
    time_in,
)

_MINUTES: Final = {
    "group_call_minutes_consumed": ViewType.GROUP_CALL,
    "webinar_minutes_consumed": ViewType.WEBINAR,
    "audio_room_minutes_consumed": ViewType.AUDIO_ROOM,
    "livestream_minutes_consumed": ViewType.LIVESTREAM,
    "chat_minutes_consumed": ViewType.CHAT,
}


def read_session(
    found: Json, app_id: str, participants: Sequence[Participant], now: EpochMs
) -> Session:
    """An ended session. Raises `Malformed` when it has not ended or lacks what every answer has."""
    id, meeting_id = text_in(found, "id"), text_in(found, "associated_id")
    started_at, ended_at = time_in(found, "started_at"), time_in(found, "ended_at")
    if not id or not meeting_id or not is_path_id(id) or not is_path_id(meeting_id):
        raise Malformed("The session has no id or no meeting.", code="bad_answer")
    if found.get("status") != "ENDED" or started_at is None or ended_at is None:
        raise Malformed("The session has not ended.", code="session_live")
    created_at = time_in(found, "created_at") or started_at
    kind = text_in(found, "type")
    return Session(
        app_id=app_id,
        id=id,
        meeting_id=meeting_id,
        title=text_in(found, "meeting_display_name") or "",
        kind=SessionKind(kind) if kind in set(SessionKind) else SessionKind.MEETING,
        phase=Phase.ENDED,
        parent_session_id=text_in(found, "parent_session_id"),
        created_at=created_at,
        started_at=started_at,
        ended_at=ended_at,
        end_reason=EndReason.EMPTIED,
        updated_at=time_in(found, "updated_at") or ended_at,
        touched_at=now,
        total_participants=_count(found, "total_participants", len(participants)),
        max_concurrent_participants=_count(found, "max_concurrent_participants", 0),
        minutes_consumed=number_in(found, "minutes_consumed") or 0.0,
        minutes_by_view=_minutes(found),
        kept_kinds=EVERY_KIND & ~DataKind.SAMPLES.bit,
        recorded_day=day_of(now),
    )


def _count(found: Json, name: str, default: int) -> int:
    known = count_in(found, name)
    return default if known is None else max(0, min(known, 1_000_000))


def _minutes(found: Json) -> dict[str, float]:
    split = {view.value: number_in(found, name) for name, view in _MINUTES.items()}
    known = {view: minutes for view, minutes in split.items() if minutes}
    if known or all(minutes is not None for minutes in split.values()):
        return known
    return {ViewType.GROUP_CALL.value: number_in(found, "minutes_consumed") or 0.0}


def read_participant(found: Json, app_id: str, session_id: str, ended_at: EpochMs) -> Participant:
    """One presence. Raises `Malformed` when it has no id or no time of joining."""
    id, joined_at = text_in(found, "id"), time_in(found, "joined_at")
    if not id or not is_path_id(id) or joined_at is None:
        raise Malformed("The participant has no id or never joined.", code="bad_answer")
    left_at = time_in(found, "left_at") or max(joined_at, ended_at)
    duration = number_in(found, "duration")
    views = [text_in(each, "preset_view_type") for each in _events_in(found)]
    view = next((each for each in views if each in set(ViewType)), None)
    return Participant(
        app_id=app_id,
        session_id=session_id,
        id=id,
        user_id=text_in(found, "user_id"),
        custom_participant_id=text_in(found, "custom_participant_id"),
        display_name=text_in(found, "display_name"),
        picture=text_in(found, "picture"),
        preset_name=text_in(found, "preset_name") or text_in(found, "role"),
        view_type=ViewType(view) if view is not None else ViewType.GROUP_CALL,
        joined_at=joined_at,
        left_at=left_at,
        left_is_inferred=found.get("left_at_inferred") is True or not found.get("left_at"),
        duration_minutes=minutes_between(joined_at, left_at) if duration is None else duration,
        created_at=time_in(found, "created_at") or joined_at,
        updated_at=time_in(found, "updated_at") or left_at,
    )


def _events_in(found: Json) -> list[Json]:
    return [each for each in list_in(found, "peer_events") if isinstance(each, dict)]


def read_peers(found: Json, row: Participant, meeting_id: str, now: EpochMs) -> list[Peer]:
    """The connections of a participant, by its peer events; without any, one for its whole stay."""
    moments: dict[str, dict[str, EpochMs]] = {}
    for event in _events_in(found):
        id, at = text_in(event, "peer_id"), time_in(event, "created_at")
        name = text_in(event, "event_name")
        if id and is_path_id(id) and at is not None and name is not None:
            moments.setdefault(id, {}).setdefault(name, at)
    if not moments:
        moments[row.id] = {}
    made: list[Peer] = []
    for place, (id, of_peer) in enumerate(moments.items()):
        is_last = place == len(moments) - 1
        previous = made[-1].id if made else None
        made.append(_peer(row, id, of_peer, meeting_id, now, previous, is_last=is_last))
    return made


def _peer(
    row: Participant,
    id: str,
    moments: Mapping[str, EpochMs],
    meeting_id: str,
    now: EpochMs,
    previous: str | None,
    *,
    is_last: bool,
) -> Peer:
    end_at = row.left_at or row.joined_at
    joined_at = moments.get("PEER_JOINING", row.joined_at)
    left_at = EpochMs(max(joined_at, moments.get("PEER_LEAVING", end_at)))
    is_inferred = row.left_is_inferred and is_last
    members: dict[str, Any] = {
        name: getattr(row, name)
        for name in ("user_id", "custom_participant_id", "display_name", "picture", "preset_name")
    }
    return Peer(
        app_id=row.app_id,
        session_id=row.session_id,
        meeting_id=meeting_id,
        id=id,
        participant_id=row.id,
        previous_peer_id=previous,
        **members,
        view_type=row.view_type,
        source=IMPORTED_SOURCE,
        interval_ms=0,
        joined_at=joined_at,
        last_joined_at=joined_at,
        left_said_at=None if is_inferred else left_at,
        first_heard_at=EpochMs(min(joined_at, moments.get("PEER_CREATED", joined_at))),
        last_heard_at=left_at,
        last_received_at=now,
        left_at=left_at,
        left_reason=LeaveReason.SILENCE if is_inferred else LeaveReason.SAID,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
