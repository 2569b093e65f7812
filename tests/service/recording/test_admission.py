"""Credentials are checked for every delivery of a participant's client."""

from collections.abc import Sequence
from typing import Any

import pytest

from aftercall.core.events import AnyEvent, ChatSent, Identity, PeerEvent, PeerKicked, SessionClosed
from aftercall.core.instants import SECOND_MS
from aftercall.core.records import MeetingStatus, MessageKind
from aftercall.service.recording.admission import KICK_GRACE_MS
from aftercall.service.recording.delivery import Credentials, Delivery, Next, Receipt, Status
from aftercall.store import chat_transcript, peers
from aftercall.store.engine.database import Database
from tests.recorder_harness import APP, RecorderHarness, at, join, leave, sample, save_members

GRACE_S = KICK_GRACE_MS / SECOND_MS


@pytest.fixture
async def harness(db: Database) -> RecorderHarness:
    await save_members(db, "user ada", "user bob")
    return RecorderHarness(db)


def stated(
    peer: str, *events: AnyEvent, seconds: float = 20, generation: int = 0, member: str = ""
) -> Delivery:
    member = member or f"user {peer}"
    return Delivery(
        app_id=APP,
        source="collector",
        received_at=at(seconds),
        events=events,
        peer_id=peer,
        heard_at=at(seconds),
        credentials=Credentials(
            meeting_id="weekly",
            member_id=member,
            identity=Identity(user_id=member),
            generation=generation,
        ),
    )


async def take(harness: RecorderHarness, delivery: Delivery) -> Receipt:
    """By the fast path where that takes it, as the intake does."""
    [receipt] = await harness.recorder.record_plain_reports([delivery])
    if receipt is None:
        [receipt] = await harness.recorder.record_deliveries([delivery])
    return receipt


def chat(peer: str, text: str, seconds: float) -> ChatSent:
    return ChatSent(
        id=f"c{peer}",
        at=at(seconds),
        revised_at=at(seconds),
        peer_id=peer,
        kind=MessageKind.TEXT,
        payload=text,
    )


def everything(peer: str, seconds: float) -> Sequence[AnyEvent]:
    note = PeerEvent(id=f"n{seconds}", at=at(seconds), peer_id=peer, name="audio_on", data={})
    again = join(peer, seconds)
    return [again, sample(peer, 9, seconds), note, chat(peer, "hello", seconds)]


async def state_of(harness: RecorderHarness) -> tuple[Any, ...]:
    async with harness.db.read() as tx:
        return (
            await peers.peers_of_session(tx, APP, "session-0"),
            await chat_transcript.messages_of_session(tx, APP, "session-0"),
            await peers.count_samples(tx, APP, "ada"),
        )


@pytest.mark.parametrize("change", [{"removed_at": at(10)}, {"token_generation": 1}])
@pytest.mark.parametrize("has_left", [False, True])
async def test_a_revoked_token_is_refused_even_for_a_known_peer(
    harness: RecorderHarness, change: dict[str, Any], has_left: bool
) -> None:
    await take(harness, stated("ada", join("ada", 0), sample("ada", 1, 7), seconds=7))
    if has_left:
        await take(harness, stated("ada", leave("ada", 8), seconds=8))
    before = await state_of(harness)
    await save_members(harness.db, "user ada", **change)
    for events in ([sample("ada", 2, 20)], everything("ada", 20), []):
        receipt = await take(harness, stated("ada", *events))
        assert receipt.refusal is not None and receipt.refusal.code == "token_revoked"
        assert {outcome.code for outcome in receipt.outcomes} <= {"token_revoked"}
    assert await state_of(harness) == before


async def test_a_new_token_of_the_same_member_is_accepted(harness: RecorderHarness) -> None:
    await take(harness, stated("ada", join("ada", 0), seconds=1))
    await save_members(harness.db, "user ada", token_generation=1)
    receipt = await take(harness, stated("ada", sample("ada", 1, 20), generation=1))
    assert receipt.refusal is None
    assert receipt.outcomes[0].status is Status.ACCEPTED


async def test_facts_from_before_a_kick_are_accepted_and_later_ones_are_refused(
    harness: RecorderHarness,
) -> None:
    await take(harness, stated("ada", join("ada", 0), seconds=1))
    await harness.record(PeerKicked(id="k", at=at(12), peer_id="ada"))
    receipt = await take(
        harness, stated("ada", sample("ada", 1, 11), sample("ada", 2, 13), seconds=14)
    )
    assert [outcome.code for outcome in receipt.outcomes] == [None, "kicked"]
    assert receipt.next is Next.KICKED
    late = stated("ada", sample("ada", 3, 11), seconds=13 + GRACE_S)
    receipt = await take(harness, late)
    assert [outcome.code for outcome in receipt.outcomes] == ["kicked"]
    assert receipt.next is Next.KICKED


async def test_a_kicked_participant_cannot_edit_chat_after_the_end(
    harness: RecorderHarness,
) -> None:
    await take(harness, stated("ada", join("ada", 0), chat("ada", "first", 2), seconds=2))
    await harness.record(PeerKicked(id="k", at=at(12), peer_id="ada"))
    await harness.record(SessionClosed(id="c", at=at(60), meeting_id="weekly"))
    before = await state_of(harness)
    edit = ChatSent(
        id="cada",
        at=at(2),
        peer_id="ada",
        kind=MessageKind.TEXT,
        payload="never said",
        is_edited=True,
        revised_at=at(70),
    )
    receipt = await take(harness, stated("ada", edit, seconds=70))
    assert [outcome.code for outcome in receipt.outcomes] == ["kicked"]
    assert await state_of(harness) == before


async def test_an_inactive_meeting_refuses_rejoins_and_accepts_present_peers(
    harness: RecorderHarness,
) -> None:
    await take(harness, stated("ada", join("ada", 0), seconds=1))
    await take(harness, stated("bob", join("bob", 0), seconds=1))
    await take(harness, stated("bob", leave("bob", 5), seconds=5))
    await save_members(harness.db, status=MeetingStatus.INACTIVE)
    assert (await take(harness, stated("ada", sample("ada", 1, 20)))).refusal is None
    for peer in ("bob", "new"):
        receipt = await take(harness, stated(peer, join(peer, 20), member="user bob"))
        assert receipt.refusal is not None and receipt.refusal.code == "meeting_inactive"
