"""The source `collector`: the collect protocol, version 1, in which a peer's own client reports
(docs/reference/collect.md)."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from aftercall.core.errors import Malformed
from aftercall.core.events import (
    ChatSent,
    Identity,
    LineSpoken,
    PeerEvent,
    PeerJoined,
    PeerLeft,
)
from aftercall.core.ids import id_from
from aftercall.core.instants import EpochMs, is_plausible
from aftercall.core.quality.stats.getstats import SampleBody
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
    Sample,
    Transcript,
    Unreadable,
    read_batch,
)
from aftercall.ingest.refusals import MOST_NOTED, refusal
from aftercall.ingest.source import Context, Fact, Rejected, Translation, UnencodedSample
from aftercall.ingest.user_agent import completed

SOURCE: Final = "collector"
SKEW_TOLERANCE_MS: Final = 2_000
"""A clock that differs from the server's by less is not corrected."""


class _Sender(NamedTuple):
    """What every entry of a batch shares."""

    app_id: str
    meeting_id: str
    peer_id: str
    identity: Identity
    offset_ms: int
    latest: EpochMs


def token_in(body: bytes) -> str | None:
    """The participant token of a batch that carries it itself, as a beacon has to. Raises
    `Malformed` as `translate` does."""
    return read_batch(body).token


def translate(body: bytes, context: Context) -> Translation:
    """The facts of a batch. An entry's position is its `seq`.

    A clock that is off by more than two seconds, judged by the batch's `sent_at`, is
    corrected by the difference. No fact lies in the future of its receipt.
    """
    batch = read_batch(body)
    skew_ms = context.received_at - batch.sent_at
    offset_ms = skew_ms if abs(skew_ms) > SKEW_TOLERANCE_MS else 0
    sender = _Sender(
        context.app_id,
        context.meeting_id,
        batch.peer_id,
        context.identity,
        offset_ms,
        EpochMs(context.received_at + SKEW_TOLERANCE_MS),
    )
    facts: list[Fact] = []
    positions: list[int] = []
    refused: list[Unreadable] = []
    for entry in batch.entries:
        if isinstance(entry, Unreadable):
            refused.append(entry)
            continue
        try:
            fact = _translate_entry(entry, sender)
        except Malformed as error:
            is_sample = isinstance(entry, Sample)
            refused.append(
                Unreadable(entry.seq, error.code, error.message, entry.at, is_sample=is_sample)
            )
        else:
            facts.append(fact)
            positions.append(entry.seq)
    if batch.dropped:
        facts.append(_dropped(batch, sender))
    notes = [_refusal(each, batch, sender) for each in refused[:MOST_NOTED]]
    if len(facts) == 1 and not notes:
        heard_at = facts[0].at
    else:
        moments = [fact.at for fact in (*facts, *notes)]
        sent_at = EpochMs(min(batch.sent_at + offset_ms, context.received_at))
        heard_at = max(moments, default=sent_at)
    return Translation(
        facts,
        positions,
        [Rejected(each.seq, each.code, each.message) for each in refused],
        notes,
        peer_id=batch.peer_id,
        heard_at=heard_at,
    )


def _dropped(batch: Batch, sender: _Sender) -> PeerEvent:
    return PeerEvent(
        id=id_from(sender.app_id, batch.peer_id, "dropped", str(batch.dropped)),
        at=_at(batch.sent_at, sender),
        peer_id=batch.peer_id,
        name="entries_dropped",
        data={"count": batch.dropped},
    )


def _refusal(entry: Unreadable, batch: Batch, sender: _Sender) -> PeerEvent:
    """Dated at the entry's own moment if that is plausible, else at the sending of the batch."""
    try:
        at = _at(batch.sent_at if entry.at is None else entry.at, sender)
    except Malformed:
        at = EpochMs(sender.latest - SKEW_TOLERANCE_MS)
    key = f"{batch.sent_at} {entry.code}" if entry.seq < 0 else str(entry.seq)
    return refusal(
        sender.app_id,
        batch.peer_id,
        key,
        at=at,
        code=entry.code,
        is_sample=entry.is_sample,
    )


def _translate_entry(entry: AnyEntry, sender: _Sender) -> Fact:
    at = _at(entry.at, sender)
    peer_id = sender.peer_id
    if isinstance(entry, Sample):
        return UnencodedSample(
            id=f"{peer_id}/{entry.seq}",
            at=at,
            peer_id=peer_id,
            sequence=entry.seq,
            body=SampleBody(
                connections=entry.connections,
                streams=entry.streams,
                page_hidden=entry.page_hidden,
            ),
        )
    id = id_from(sender.app_id, peer_id, str(entry.seq))
    match entry:
        case Join():
            return _joined(id, at, entry, sender)
        case Leave():
            return PeerLeft(id=id, at=at, peer_id=peer_id)
        case Describe():
            data = completed(checked_object(_members(entry)))
            return PeerEvent(id=id, at=at, peer_id=peer_id, name="describe", data=data)
        case Event():
            name = checked_name(entry.name)
            data = checked_object(entry.data)
            return PeerEvent(id=id, at=at, peer_id=peer_id, name=name, data=data)
        case Chat():
            return _chat(id, at, entry, sender)
        case Transcript():
            return _line(id, at, entry, sender)


def _at(moment: float, sender: _Sender) -> EpochMs:
    at = min(int(moment) + sender.offset_ms, sender.latest)
    if not is_plausible(at):
        raise Malformed(
            '"at" lies outside the years 2000 to 2100: the clock is wrong.', code="bad_time"
        )
    return EpochMs(at)


def _members(entry: Describe) -> Mapping[str, Any]:
    members = msgspec.structs.asdict(entry)
    return {k: v for k, v in members.items() if v is not None and k not in ("seq", "at")}


def _joined(id: str, at: EpochMs, entry: Join, sender: _Sender) -> PeerJoined:
    who = sender.identity
    return PeerJoined(
        id=id,
        at=at,
        peer_id=sender.peer_id,
        previous_peer_id=entry.previous_peer_id,
        interval_ms=entry.interval_ms,
        identity=msgspec.structs.replace(
            who,
            display_name=entry.display_name or who.display_name,
            is_hidden=entry.is_hidden or who.is_hidden,
        ),
    )


def _chat(id: str, at: EpochMs, entry: Chat, sender: _Sender) -> ChatSent:
    """A message. Its id is a function of the sender and the id the sender gave, so that nobody
    can revise another's."""
    who = sender.identity
    if entry.id is not None:
        id = id_from(sender.app_id, sender.meeting_id, who.user_id or "", entry.id)
    return ChatSent(
        id=id,
        at=at,
        peer_id=sender.peer_id,
        user_id=who.user_id,
        kind=MessageKind(entry.kind),
        payload=entry.text,
        is_pinned=entry.pinned,
        is_edited=entry.edited,
        revised_at=at,
    )


def _line(id: str, at: EpochMs, entry: Transcript, sender: _Sender) -> LineSpoken:
    start_at, end_at = _at(entry.start_at, sender), _at(entry.end_at, sender)
    who = sender.identity
    if entry.id is not None:
        id = id_from(sender.app_id, sender.meeting_id, who.user_id or "", "line", entry.id)
    return LineSpoken(
        id=id,
        at=min(start_at, end_at),
        end_at=max(start_at, end_at),
        peer_id=sender.peer_id,
        user_id=who.user_id,
        custom_participant_id=who.custom_participant_id,
        text=entry.text,
    )
