"""The analytics callback: a whole meeting at once, some minutes after its end."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from aftercall.core.errors import Malformed
from aftercall.core.events import SessionClosed
from aftercall.core.instants import EpochMs
from aftercall.ingest.bigbluebutton.place import Place
from aftercall.ingest.checks import moment_of
from aftercall.ingest.source import Context, Fact, Rejected, Translation
from aftercall.ingest.untyped_json import as_count, as_flag, as_object, as_text, known

Json = Mapping[str, Any]

MOST_ATTENDEES: Final = 5_000
MOST_VISITS: Final = 500
MOST_POLLS: Final = 500
MOST_OPTIONS: Final = 100

_ENGAGEMENT: Final = {
    "chats": "messages_sent",
    "talks": "talk_count",
    "raisehand": "hands_raised",
    "emojis": "emojis_sent",
    "poll_votes": "polls_answered",
    "talk_time": "talk_time_s",
}


def translate_callback(content: Json, context: Context) -> Translation:
    """The facts of a callback. Raises `Malformed` when it names no meeting."""
    internal = as_text(content.get("internal_meeting_id"))
    external = as_text(content.get("meeting_id"))
    data = as_object(content.get("data"))
    if internal is None or external is None:
        raise Malformed("The callback names no meeting.", code="bad_event")
    name = as_text(as_object(data.get("metadata")).get("meeting_name"))
    place = Place(context.app_id, internal, external, name)
    attendees = _list(data.get("attendees"))
    if len(attendees) > MOST_ATTENDEES:
        raise Malformed(f"A meeting has at most {MOST_ATTENDEES} attendees.", code="too_large")
    finish = _moment(data, "finish", context)
    facts: list[Fact] = []
    rejected: list[Rejected] = []
    firsts: dict[str, str] = {}
    for position, attendee in enumerate(map(as_object, attendees)):
        visits = list(_visits(attendee, context))
        who = _external_id(attendee)
        if who is None or not visits:
            rejected.append(Rejected(position, "bad_event", "The attendee has no id or no join."))
            continue
        firsts[who] = visits[0][0]
        facts += _attendance(place, who, attendee, visits, finish)
    facts += _polls(place, data, firsts, finish, context)
    if facts and finish is not None:
        closed = SessionClosed(id=place.fact_id("finished"), at=finish, **place.members)
        facts.append(closed)
    return Translation(facts, [0] * len(facts), rejected, [])


Visit = tuple[str, EpochMs, EpochMs | None]
"""An internal user id, or what stands for one, the join and the leave."""


def _attendance(
    place: Place, who: str, attendee: Json, visits: Sequence[Visit], finish: EpochMs | None
) -> Iterator[Fact]:
    name = as_text(attendee.get("name"))
    for user, join, leave in visits:
        yield place.joined(user, join, who, name)
        if (left_at := finish if leave is None else leave) is not None:
            yield place.left(user, max(join, left_at))
    user, join, leave = visits[-1]
    engagement = as_object(attendee.get("engagement"))
    counts = {ours: as_count(engagement.get(theirs)) for theirs, ours in _ENGAGEMENT.items()}
    counted = known(is_moderator=as_flag(attendee.get("moderator")), **counts)
    yield place.note(user, leave or finish or join, "engagement", counted)


def _visits(attendee: Json, context: Context) -> Iterator[Visit]:
    """Each visit: those of `sessions`, where internal users tell them apart, else joins and
    leaves in their order."""
    sessions = as_object(attendee.get("sessions"))
    if sessions:
        for user, session in list(sessions.items())[:MOST_VISITS]:
            joins = _times(as_object(session).get("joins"), context)
            lefts = _times(as_object(session).get("lefts"), context)
            if joins and (id := as_text(user)):
                yield id, min(joins), max(lefts, default=None)
        return
    joins, lefts = _times(attendee.get("joins"), context), _times(attendee.get("leaves"), context)
    who = _external_id(attendee)
    for number, join in enumerate(joins[:MOST_VISITS]):
        following = joins[number + 1] if number + 1 < len(joins) else None
        ends = [left for left in lefts if left >= join and (not following or left <= following)]
        yield f"{who}/{number}", join, min(ends, default=following)


def _polls(
    place: Place,
    data: Json,
    firsts: Mapping[str, str],
    finish: EpochMs | None,
    context: Context,
) -> Iterator[Fact]:
    for poll in map(as_object, _list(data.get("polls"))[:MOST_POLLS]):
        at = _moment(poll, "start", context) or finish
        id = as_text(poll.get("id")) or ""
        options = [text for each in _list(poll.get("options")) if (text := as_text(each))]
        for voter, option in list(as_object(poll.get("votes")).items())[:MOST_ATTENDEES]:
            if at is not None and voter in firsts:
                answer = known(
                    poll=id or None,
                    question=as_text(poll.get("question")),
                    options=options[:MOST_OPTIONS] or None,
                    option=as_text(option),
                )
                yield place.note(firsts[voter], at, "poll_answered", answer, id)


def _times(values: object, context: Context) -> list[EpochMs]:
    """Times, or objects with a `timestamp`, ascending."""
    found = [
        _moment(each if isinstance(each, dict) else {"timestamp": each}, "timestamp", context)
        for each in _list(values)[:MOST_VISITS]
    ]
    return sorted(at for at in found if at is not None)


def _moment(members: Json, name: str, context: Context) -> EpochMs | None:
    """A time in either of BigBlueButton's spellings, not after the request."""
    value = members.get(name)
    if isinstance(value, str) and value.count(" ") == 2:
        value = value.replace(" ", "T", 1).replace(" ", "")
    at = moment_of(value)
    return None if at is None else min(at, context.received_at)


def _external_id(attendee: Json) -> str | None:
    value = attendee.get("ext_user_id")
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_number else as_text(value)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
