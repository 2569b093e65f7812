"""Participants who are removed or kicked and go on sending, also after a fault, beside one who
stays."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import httpx

from aftercall.core.records import LeaveReason
from tests.acceptance import patient
from tests.acceptance.ground import Ground
from tests.acceptance.steadfast import (
    Caller,
    Ledger,
    collect_url,
    make_members,
    send_until_answered,
)
from tests.acceptance.stored import judge_samples, messages_of, peers_of

PAUSE_S = 0.5
REVOKED = frozenset({401, 403})


@dataclass(kw_only=True)
class Guest:
    """Somebody who was there as one peer, left, and is there as another."""

    member: dict[str, Any]
    ledger: Ledger = field(default_factory=Ledger)
    earlier: Caller = field(init=False)
    present: Caller = field(init=False)

    def __post_init__(self) -> None:
        self.earlier = Caller(member=self.member, ledger=self.ledger)
        self.present = Caller(member=self.member, ledger=self.ledger)

    @property
    def token(self) -> str:
        return str(self.member["token"])

    async def come_in(self, client: httpx.AsyncClient, ground: Ground) -> None:
        for caller in (self.earlier, self.present):
            for _ in range(2):
                await caller.send(client, ground.server, caller.next_batch())
            if caller is self.earlier:
                await caller.send(client, ground.server, [caller.entry("leave")])

    async def ask(
        self, client: httpx.AsyncClient, ground: Ground, caller: Caller, batch: list[dict[str, Any]]
    ) -> httpx.Response:
        """The answer to a batch of which nobody promises that it is taken."""
        url = collect_url(ground.server)
        return await send_until_answered(client, url, self.token, caller.body(batch), self.ledger)


def attempts(caller: Caller) -> list[list[dict[str, Any]]]:
    """What one who was sent away may try as a peer that was there."""
    first_message = f"{caller.peer_id}-1"
    return [
        caller.next_batch(),
        [caller.entry("join", interval_ms=7000)],
        [caller.entry("chat", id=first_message, text="Never said.", edited=True)],
        [caller.entry("event", name="audio_on", data={})],
        [],
    ]


async def send_away(ground: Ground, lasting_s: float) -> None:
    """One participant is removed and one is kicked; both go on sending, while the server is killed
    too. Nothing of it is taken, and the third one's call goes on."""
    meeting_id, members = await asyncio.to_thread(make_members, ground.server, 3)
    removed, kicked = (Guest(member=member) for member in members[:2])
    stays, stop = Caller(member=members[2], ledger=Ledger()), asyncio.Event()
    async with httpx.AsyncClient() as client, asyncio.TaskGroup() as group:
        group.create_task(stays.go_on(ground.server, stop, PAUSE_S))
        await stays.has_begun.wait()
        for guest in (removed, kicked):
            await guest.come_in(client, ground)
        await asyncio.to_thread(_send_both_away, ground, meeting_id, removed, kicked)
        await _go_on(client, ground, removed, kicked, lasting_s / 2)
        ground.server.kill()
        await ground.start_again()
        await _go_on(client, ground, removed, kicked, lasting_s / 2)
        again = await _come_back(client, ground, kicked)
        await _go_on(client, ground, removed, kicked, 0)
        stop.set()
    callers = [removed.earlier, removed.present, kicked.earlier, kicked.present, again, stays]
    await _judge(ground, meeting_id, callers, sent_away=[removed.present, kicked.present])
    async with httpx.AsyncClient() as client:
        for caller in (again, stays):
            await caller.send(client, ground.server, [caller.entry("leave")])


def _send_both_away(ground: Ground, meeting_id: str, removed: Guest, kicked: Guest) -> None:
    server = ground.server
    with patient.Client(headers=server.headers) as client:
        path = f"meetings/{meeting_id}"
        gone = client.delete(server.kit(f"{path}/participants/{removed.member['id']}"))
        gone.raise_for_status()
        client.post(
            server.kit(f"{path}/active-session/kick"),
            json={"participant_ids": [kicked.member["id"]]},
        ).raise_for_status()


async def _go_on(
    client: httpx.AsyncClient, ground: Ground, removed: Guest, kicked: Guest, lasting_s: float
) -> None:
    """Both try everything for so long, at least once, and nothing is taken."""
    stranger = Caller(member=removed.member, ledger=removed.ledger)
    ends_at = asyncio.get_running_loop().time() + lasting_s
    while True:
        for caller in (removed.present, removed.earlier, stranger):
            for batch in attempts(caller):
                answer = await removed.ask(client, ground, caller, batch)
                assert answer.status_code in REVOKED, (answer.status_code, answer.text)
        for batch in attempts(kicked.present):
            answer = await kicked.ask(client, ground, kicked.present, batch)
            assert answer.status_code == 202, (answer.status_code, answer.text)
            receipt = answer.json()["data"]
            codes = [each["code"] for each in receipt["rejected"]]
            assert codes == ["kicked"] * len(batch), receipt
            assert (receipt["accepted"], receipt["next"]) == (0, "kicked"), receipt
        if asyncio.get_running_loop().time() >= ends_at:
            return
        await asyncio.sleep(PAUSE_S)


async def _come_back(client: httpx.AsyncClient, ground: Ground, kicked: Guest) -> Caller:
    """One who was only kicked has a good token: he is let in as somebody new."""
    again = Caller(member=kicked.member, ledger=kicked.ledger)
    for _ in range(2):
        await again.send(client, ground.server, again.next_batch())
    return again


async def _judge(
    ground: Ground, meeting_id: str, callers: list[Caller], *, sent_away: list[Caller]
) -> None:
    """Raises `AssertionError` unless exactly what was acknowledged is there."""
    server = ground.server
    answer = await asyncio.to_thread(
        patient.get, server.kit(f"sessions?associated_id={meeting_id}"), headers=server.headers
    )
    (session,) = answer.raise_for_status().json()["data"]["sessions"]
    assert (session["status"], session["live_participants"]) == ("LIVE", 2), session
    await judge_samples(ground.database_url, server.app_id, callers)
    messages = await messages_of(ground.database_url, server.app_id, session["id"])
    assert len(messages) == sum(caller.messages for caller in callers)
    assert {message.payload for message in messages} == {"Still there?"}
    peers = await peers_of(ground.database_url, server.app_id, session["id"])
    assert set(peers) == {caller.peer_id for caller in callers}
    for caller in sent_away:
        assert peers[caller.peer_id].left_reason is LeaveReason.KICKED
