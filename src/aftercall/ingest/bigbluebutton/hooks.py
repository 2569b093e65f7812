"""Webhooks of bbb-webhooks: one event as it happens, in a form."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from aftercall.core.errors import Malformed
from aftercall.core.events import ChatSent, SessionClosed, SessionOpened
from aftercall.core.instants import EpochMs
from aftercall.ingest.bigbluebutton.place import Place
from aftercall.ingest.checks import moment_of
from aftercall.ingest.source import Context, Fact, Translation
from aftercall.ingest.untyped_json import as_count, as_flag, as_object, as_text, known

Json = Mapping[str, Any]

PUBLIC_CHAT: Final = "MAIN-PUBLIC-GROUP-CHAT"
MOST_OPTIONS: Final = 100
"""Options of a poll."""
_LONGEST_MESSAGE: Final = 10_000


class _Hook:
    def __init__(self, place: Place, at: EpochMs, attributes: Json) -> None:
        self.place = place
        self.at = at
        self.attributes = attributes
        self.user = as_object(attributes.get("user"))

    @property
    def user_id(self) -> str | None:
        return as_text(self.user.get("internal-user-id"))


def translate_hook(content: Json, context: Context) -> Translation:
    """The facts of one event. Raises `Malformed` when it is none."""
    data = as_object(content.get("data"))
    name = as_text(data.get("id"))
    attributes = as_object(data.get("attributes"))
    meeting = as_object(attributes.get("meeting"))
    internal = as_text(meeting.get("internal-meeting-id"))
    external = as_text(meeting.get("external-meeting-id"))
    if name is None or internal is None or external is None:
        raise Malformed("The event has no name or names no meeting.", code="bad_event")
    at = moment_of(as_object(data.get("event")).get("ts")) or context.received_at
    place = Place(context.app_id, internal, external, as_text(meeting.get("name")))
    hook = _Hook(place, min(at, context.received_at), attributes)
    facts = list(_READERS.get(name, _nothing)(hook))
    return Translation(facts, [0] * len(facts), [], [], ignored=int(not facts))


def _nothing(hook: _Hook) -> Iterator[Fact]:
    return iter(())


def _created(hook: _Hook) -> Iterator[Fact]:
    place = hook.place
    id = place.fact_id("created")
    yield SessionOpened(id=id, at=hook.at, title=place.name, **place.members)


def _ended(hook: _Hook) -> Iterator[Fact]:
    id = hook.place.fact_id("finished")
    yield SessionClosed(id=id, at=hook.at, **hook.place.members)


def _joined(hook: _Hook) -> Iterator[Fact]:
    user, external = hook.user_id, as_text(hook.user.get("external-user-id"))
    if user is not None:
        yield hook.place.joined(user, hook.at, external or user, as_text(hook.user.get("name")))


def _left(hook: _Hook) -> Iterator[Fact]:
    if hook.user_id is not None:
        yield hook.place.left(hook.user_id, hook.at)


def _noted(name: str, *members: str) -> Callable[[_Hook], Iterator[Fact]]:
    def read(hook: _Hook) -> Iterator[Fact]:
        if hook.user_id is None:
            return
        given = {each.replace("-", "_"): as_flag(hook.user.get(each)) for each in members}
        yield hook.place.note(hook.user_id, hook.at, name, known(**given))

    return read


def _poll_started(hook: _Hook) -> Iterator[Fact]:
    poll = as_object(hook.attributes.get("poll"))
    answers = [as_object(each) for each in _list(poll.get("answers"))]
    options = [as_text(each.get("key")) or "" for each in answers]
    started = known(
        poll=as_text(poll.get("id")), question=as_text(poll.get("question")), options=options
    )
    if hook.user_id is not None:
        yield hook.place.note(hook.user_id, hook.at, "poll_started", started)


def _poll_answered(hook: _Hook) -> Iterator[Fact]:
    poll = as_object(hook.attributes.get("poll"))
    chosen = [as_count(each) for each in _list(poll.get("answer-ids"))]
    answer = known(
        poll=as_text(poll.get("id")), chosen=[each for each in chosen if each is not None] or None
    )
    if hook.user_id is not None:
        yield hook.place.note(hook.user_id, hook.at, "poll_answered", answer)


def _list(value: object) -> list[Any]:
    return value[:MOST_OPTIONS] if isinstance(value, list) else []


def _said(hook: _Hook) -> Iterator[Fact]:
    message = as_object(hook.attributes.get("chat-message"))
    sender = as_object(message.get("sender"))
    text = as_text(message.get("message"), longest=_LONGEST_MESSAGE)
    user = as_text(sender.get("internal-user-id"))
    # A private conversation is nobody else's business.
    if hook.attributes.get("chat-id") != PUBLIC_CHAT or text is None or user is None:
        return
    yield ChatSent(
        id=hook.place.fact_id("message", as_text(message.get("id")) or str(hook.at)),
        at=hook.at,
        peer_id=hook.place.peer_id(user),
        display_name=as_text(sender.get("name")),
        payload=text,
        revised_at=hook.at,
        **hook.place.members,
    )


_READERS: Final[Mapping[str, Callable[[_Hook], Iterator[Fact]]]] = {
    "meeting-created": _created,
    "meeting-ended": _ended,
    "user-joined": _joined,
    "user-left": _left,
    "user-audio-voice-enabled": _noted("audio_on", "listening-only", "sharing-mic"),
    "user-audio-voice-disabled": _noted("audio_off"),
    "user-cam-broadcast-start": _noted("video_on"),
    "user-cam-broadcast-end": _noted("video_off"),
    "user-raise-hand-changed": _noted("hand_raised", "raise-hand"),
    "poll-started": _poll_started,
    "poll-responded": _poll_answered,
    "chat-group-message-sent": _said,
}
"""What reads each event; others are of no use to a record."""
