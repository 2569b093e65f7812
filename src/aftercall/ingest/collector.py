"""The collect protocol, version 1: what one peer's own client says (docs/reference/collect.md)."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from aftercall.core.errors import Malformed
from aftercall.core.events import (
    AnyEvent,
    ChatSent,
    Identity,
    LineSpoken,
    PeerEvent,
    PeerJoined,
    PeerLeft,
    SampleTaken,
)
from aftercall.core.ids import id_from
from aftercall.core.instants import EpochMs, is_plausible
from aftercall.core.privacy import Privacy, shorten_data
from aftercall.core.records import MessageKind
from aftercall.ingest.checks import checked_name, checked_object
from aftercall.ingest.collect_batch import (
    AnyEntry,
    Batch,
    Chat,
    Describe,
    Event,
    Join,
    Leave,
    Rejected,
    Sample,
    Transcript,
    body_of,
)
from aftercall.ingest.refusals import MOST_NOTED, refusal
from aftercall.ingest.user_agent import completed

SOURCE: Final = "collector"
SKEW_TOLERANCE_MS: Final = 2_000
"""A clock that differs from ours by less is taken at its word."""


class Translation(NamedTuple):
    """The facts of a batch with the `seq` of each, and the entries that were not taken."""

    heard_at: EpochMs
    events: list[AnyEvent]
    sequences: list[int]
    rejected: list[Rejected]
    refusals: list[PeerEvent]
    """A note for each of them."""


class _Speaker(NamedTuple):
    """What every entry of a batch shares."""

    app_id: str
    meeting_id: str
    peer_id: str
    identity: Identity
    privacy: Privacy
    offset_ms: int
    latest: EpochMs


def translate(
    batch: Batch,
    *,
    app_id: str,
    meeting_id: str,
    identity: Identity,
    privacy: Privacy,
    received_at: EpochMs,
) -> Translation:
    """The facts of a batch; `identity` is the participant token's.

    A clock that is off by more than two seconds, judged by when the batch says it was sent, is
    set right by the difference. No fact lies in the future of its receipt.
    """
    skew_ms = received_at - batch.sent_at
    offset_ms = skew_ms if abs(skew_ms) > SKEW_TOLERANCE_MS else 0
    speaker = _Speaker(
        app_id,
        meeting_id,
        batch.peer_id,
        identity,
        privacy,
        offset_ms,
        EpochMs(received_at + SKEW_TOLERANCE_MS),
    )
    events: list[AnyEvent] = []
    sequences: list[int] = []
    rejected: list[Rejected] = []
    for entry in batch.entries:
        if isinstance(entry, Rejected):
            rejected.append(entry)
            continue
        try:
            event = _translate_entry(entry, speaker)
        except Malformed as error:
            is_sample = isinstance(entry, Sample)
            rejected.append(
                Rejected(entry.seq, error.code, error.message, entry.at, is_sample=is_sample)
            )
        else:
            events.append(event)
            sequences.append(entry.seq)
    if batch.dropped:
        events.append(_dropped(batch, speaker))
    refusals = [_refusal(each, batch, speaker) for each in rejected[:MOST_NOTED]]
    if len(events) == 1 and not refusals:
        heard_at = events[0].at
    else:
        moments = [event.at for event in (*events, *refusals)]
        heard_at = max(moments, default=EpochMs(min(batch.sent_at + offset_ms, received_at)))
    return Translation(EpochMs(heard_at), events, sequences, rejected, refusals)


def _dropped(batch: Batch, speaker: _Speaker) -> PeerEvent:
    return PeerEvent(
        id=id_from(speaker.app_id, batch.peer_id, "dropped", str(batch.dropped)),
        at=_at(batch.sent_at, speaker),
        peer_id=batch.peer_id,
        name="entries_dropped",
        data={"count": batch.dropped},
    )


def _refusal(entry: Rejected, batch: Batch, speaker: _Speaker) -> PeerEvent:
    """Dated as the entry says, if it says so in a way that can be, else when the batch was sent."""
    try:
        at = _at(batch.sent_at if entry.at is None else entry.at, speaker)
    except Malformed:
        at = EpochMs(speaker.latest - SKEW_TOLERANCE_MS)
    key = f"{batch.sent_at} {entry.code}" if entry.seq < 0 else str(entry.seq)
    return refusal(
        speaker.app_id,
        batch.peer_id,
        key,
        at=at,
        code=entry.code,
        is_sample=entry.is_sample,
    )


def _translate_entry(entry: AnyEntry, speaker: _Speaker) -> AnyEvent:
    at = _at(entry.at, speaker)
    peer_id = speaker.peer_id
    if isinstance(entry, Sample):
        return SampleTaken(
            id=f"{peer_id}/{entry.seq}",
            at=at,
            peer_id=peer_id,
            sequence=entry.seq,
            body=body_of(entry, speaker.privacy),
        )
    id = id_from(speaker.app_id, peer_id, str(entry.seq))
    match entry:
        case Join():
            return _joined(id, at, entry, speaker)
        case Leave():
            return PeerLeft(id=id, at=at, peer_id=peer_id)
        case Describe():
            data = shorten_data(completed(checked_object(_said(entry))), speaker.privacy)
            return PeerEvent(id=id, at=at, peer_id=peer_id, name="describe", data=data)
        case Event():
            name = checked_name(entry.name)
            data = shorten_data(checked_object(entry.data), speaker.privacy)
            return PeerEvent(id=id, at=at, peer_id=peer_id, name=name, data=data)
        case Chat():
            return _chat(id, at, entry, speaker)
        case Transcript():
            return _line(id, at, entry, speaker)


def _at(moment: float, speaker: _Speaker) -> EpochMs:
    at = min(int(moment) + speaker.offset_ms, speaker.latest)
    if not is_plausible(at):
        raise Malformed(
            '"at" lies outside the years 2000 to 2100: the clock is wrong.', code="bad_time"
        )
    return EpochMs(at)


def _said(entry: Describe) -> Mapping[str, Any]:
    members = msgspec.structs.asdict(entry)
    return {k: v for k, v in members.items() if v is not None and k not in ("seq", "at")}


def _joined(id: str, at: EpochMs, entry: Join, speaker: _Speaker) -> PeerJoined:
    who = speaker.identity
    return PeerJoined(
        id=id,
        at=at,
        peer_id=speaker.peer_id,
        previous_peer_id=entry.previous_peer_id,
        interval_ms=entry.interval_ms,
        identity=msgspec.structs.replace(
            who,
            display_name=entry.display_name or who.display_name,
            is_hidden=entry.is_hidden or who.is_hidden,
        ),
    )


def _chat(id: str, at: EpochMs, entry: Chat, speaker: _Speaker) -> ChatSent:
    """A message. Its id is a function of the sender and the id the sender gave, so that nobody
    can revise another's."""
    who = speaker.identity
    if entry.id is not None:
        id = id_from(speaker.app_id, speaker.meeting_id, who.user_id or "", entry.id)
    return ChatSent(
        id=id,
        at=at,
        peer_id=speaker.peer_id,
        user_id=who.user_id,
        kind=MessageKind(entry.kind),
        payload=entry.text,
        is_pinned=entry.pinned,
        is_edited=entry.edited,
        revised_at=at,
    )


def _line(id: str, at: EpochMs, entry: Transcript, speaker: _Speaker) -> LineSpoken:
    start_at, end_at = _at(entry.start_at, speaker), _at(entry.end_at, speaker)
    who = speaker.identity
    if entry.id is not None:
        id = id_from(speaker.app_id, speaker.meeting_id, who.user_id or "", "line", entry.id)
    return LineSpoken(
        id=id,
        at=min(start_at, end_at),
        end_at=max(start_at, end_at),
        peer_id=speaker.peer_id,
        user_id=who.user_id,
        custom_participant_id=who.custom_participant_id,
        text=entry.text,
    )
