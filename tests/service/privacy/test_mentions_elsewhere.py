"""Mentions of an erased person in calls of others: found by whole names, when it is asked for."""

from typing import Any

from sqlalchemy import text

from aftercall.core.erasure.mentions import KnownAs, PersonMentions
from aftercall.core.events import (
    ChatSent,
    Identity,
    LineSpoken,
    PeerJoined,
    SessionClosed,
)
from aftercall.core.instants import EpochMs
from aftercall.core.privacy_records import Erasure
from aftercall.core.records import Meeting, MeetingStatus
from aftercall.service.audit import CLI
from aftercall.service.erased_people import PersonIds
from aftercall.store import meetings
from aftercall.store.engine.database import Database
from aftercall.store.name_mentions import Place
from tests.service.privacy.erasure_harness import broken, run_jobs
from tests.service.privacy.personal_call import CUSTOM, NAME, record_call
from tests.service.privacy.stored_texts import stored_texts
from tests.web.rest_server import ApiClient, RestServer

SAID = (f"Ask {NAME.upper()} about it", "Quux is a word, too", "Nothing of interest")
PLACE: dict[str, Any] = {"meeting_id": "elsewhere", "session_id": "elsewhere"}


async def _record_others(server: RestServer, owner: ApiClient, *, is_over: bool = True) -> None:
    """A call of two others, who mention the person in talk and in the title of their meeting."""
    start = server.clock.now
    meeting = Meeting(
        app_id=owner.app_id,
        id="elsewhere",
        title=f"About {NAME}",
        status=MeetingStatus.ACTIVE,
        keep_alive_s=60,
        settings={"note": f"for {NAME}"},
        created_at=start,
        updated_at=start,
    )
    async with server.services.recorder._db.write() as tx:
        await meetings.save_meeting(tx, meeting)
    events = [
        PeerJoined(
            id=f"{name} joined",
            at=start,
            peer_id=f"elsewhere-{name}",
            identity=Identity(user_id=f"user {name}", display_name=name),
            interval_ms=7_000,
            **PLACE,
        )
        for name in ("Dora", "Emil")
    ]
    said = [
        ChatSent(
            id=f"message {number}",
            at=EpochMs(start + number + 1),
            peer_id="elsewhere-Dora",
            display_name="Dora",
            payload=payload,
            revised_at=EpochMs(start + number + 1),
            meeting_id="elsewhere",
            session_id="elsewhere",
        )
        for number, payload in enumerate(SAID)
    ]
    spoken = [
        LineSpoken(
            id="line",
            at=EpochMs(start + 9),
            end_at=EpochMs(start + 10),
            peer_id="elsewhere-Emil",
            display_name="Emil",
            text=f"{NAME} will decide",
            **PLACE,
        )
    ]
    closed = [SessionClosed(id="elsewhere closed", at=EpochMs(start + 5_000), **PLACE)]
    server.clock.now = EpochMs(start + 6_000)
    await server.recorder.record(
        owner.app_id, [*events, *said, *spoken, *(closed if is_over else [])], source="events"
    )
    await run_jobs(server)


async def _erase(server: RestServer, owner: ApiClient, *, with_mentions: bool) -> Erasure:
    made = await server.services.erasures.request(
        owner.account_id, owner.app_id, PersonIds(CUSTOM), CLI, with_mentions=with_mentions
    )
    await run_jobs(server)
    return await server.services.erasures.find(owner.app_id, made.id)


async def _places(db: Database) -> set[str]:
    return {place for place, each in await stored_texts(db) if NAME.casefold() in each.casefold()}


async def test_mentions_elsewhere_are_counted_and_nothing_changes(
    db: Database, private_server: RestServer
) -> None:
    server = private_server
    owner = await server.new_client()
    await record_call(server, owner)
    await run_jobs(server)
    await _record_others(server, owner)
    before = await _places(db)
    found = await server.services.erasures.count_mentions(owner.app_id, PersonIds(CUSTOM))
    assert await _places(db) == before
    assert (found.names, list(found.sessions)) == ([NAME], ["elsewhere"])
    assert found.counts[Place.MESSAGES] == 1
    assert found.counts[Place.LINES] == 1
    assert found.counts[Place.SESSION_TITLES] == 1
    nobody = await server.services.erasures.count_mentions(owner.app_id, PersonIds("nobody"))
    assert (nobody.names, list(nobody.sessions), sum(nobody.counts.values())) == ([], [], 0)


async def test_mentions_elsewhere_go_when_it_is_asked_for(
    db: Database, private_server: RestServer
) -> None:
    server = private_server
    owner = await server.new_client()
    await record_call(server, owner)
    await run_jobs(server)
    await _record_others(server, owner)
    receipt = await _erase(server, owner, with_mentions=True)
    assert await _places(db) == set()
    assert receipt.counts["sessions_elsewhere"] == 1
    assert receipt.counts["meetings_elsewhere"] >= 1
    async with db.read() as tx:
        rows = await tx.execute(
            text("SELECT display_name FROM participants WHERE session_id = 'elsewhere'")
        )
        assert sorted(rows.scalars()) == ["Dora", "Emil"]
    payloads = {each for place, each in await stored_texts(db) if place == "chat_messages.payload"}
    # A word of the name alone is more likely somebody else's.
    assert {SAID[1], SAID[2]} <= payloads
    assert await broken(db) == []


async def test_mentions_elsewhere_stay_unless_it_is_asked_for(
    db: Database, private_server: RestServer
) -> None:
    server = private_server
    owner = await server.new_client()
    await record_call(server, owner)
    await run_jobs(server)
    await _record_others(server, owner)
    receipt = await _erase(server, owner, with_mentions=False)
    assert "sessions_elsewhere" not in receipt.counts
    assert {"chat_messages.payload", "transcript_lines.text"} <= await _places(db)


async def test_another_app_is_not_searched(db: Database, private_server: RestServer) -> None:
    server = private_server
    owner, other = await server.new_client(), await server.new_client()
    await record_call(server, owner)
    await run_jobs(server)
    await _record_others(server, other)
    receipt = await _erase(server, owner, with_mentions=True)
    assert "sessions_elsewhere" not in receipt.counts
    assert "chat_messages.payload" in await _places(db)


def test_a_whole_name_is_replaced_and_its_words_are_left() -> None:
    known = KnownAs(pseudonym="erased-1", names=["Ann Lee"], whole_names_only=True)
    mentions = PersonMentions(known)
    assert not mentions.occurs_in("Ann and Lee met Joann Leeds")
    assert mentions.replace("ann lee said so").endswith("said so")
    assert "ann lee" not in mentions.replace("ann lee said so")
