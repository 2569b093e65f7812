"""Participants who are removed or kicked and keep sending, also after the server is killed, beside
one who stays."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import httpx

from aftercall.core.records import LeaveReason
from tests.acceptance import http_client
from tests.acceptance.database_reads import assert_samples_stored, messages_of, peers_of
from tests.acceptance.fault_target import FaultTarget
from tests.acceptance.retrying_client import (
    CollectorClient,
    Ledger,
    collect_url,
    make_members,
    send_until_answered,
)

PAUSE_S = 0.5
REVOKED = frozenset({401, 403})


@dataclass(kw_only=True)
class Participant:
    """A participant with an earlier peer, which has left, and a present one."""

    member: dict[str, Any]
    ledger: Ledger = field(default_factory=Ledger)
    earlier: CollectorClient = field(init=False)
    present: CollectorClient = field(init=False)

    def __post_init__(self) -> None:
        self.earlier = CollectorClient(member=self.member, ledger=self.ledger)
        self.present = CollectorClient(member=self.member, ledger=self.ledger)

    @property
    def token(self) -> str:
        return str(self.member["token"])

    async def join(self, client: httpx.AsyncClient, target: FaultTarget) -> None:
        for caller in (self.earlier, self.present):
            for _ in range(2):
                await caller.send(client, target.server, caller.next_batch())
            if caller is self.earlier:
                await caller.send(client, target.server, [caller.entry("leave")])

    async def ask(
        self,
        client: httpx.AsyncClient,
        target: FaultTarget,
        caller: CollectorClient,
        batch: list[dict[str, Any]],
    ) -> httpx.Response:
        """The answer to a batch that may be refused."""
        url = collect_url(target.server)
        return await send_until_answered(client, url, self.token, caller.body(batch), self.ledger)


def attempts(caller: CollectorClient) -> list[list[dict[str, Any]]]:
    """Batches that must be refused after the participant was removed or kicked."""
    first_message = f"{caller.peer_id}-1"
    return [
        caller.next_batch(),
        [caller.entry("join", interval_ms=7000)],
        [caller.entry("chat", id=first_message, text="Never sent.", edited=True)],
        [caller.entry("event", name="audio_on", data={})],
        [],
    ]


async def remove_and_kick(target: FaultTarget, lasting_s: float) -> None:
    """One participant is removed and one is kicked; both keep sending, also after the server is
    killed. All of it is refused, and the third participant's call continues."""
    meeting_id, members = await asyncio.to_thread(make_members, target.server, 3)
    removed, kicked = (Participant(member=member) for member in members[:2])
    stays, stop = CollectorClient(member=members[2], ledger=Ledger()), asyncio.Event()
    async with httpx.AsyncClient() as client, asyncio.TaskGroup() as group:
        group.create_task(stays.run(target.server, stop, PAUSE_S))
        await stays.has_begun.wait()
        for guest in (removed, kicked):
            await guest.join(client, target)
        await asyncio.to_thread(_remove_and_kick, target, meeting_id, removed, kicked)
        await _keep_sending(client, target, removed, kicked, lasting_s / 2)
        target.server.kill()
        await target.start_again()
        await _keep_sending(client, target, removed, kicked, lasting_s / 2)
        again = await _rejoin(client, target, kicked)
        await _keep_sending(client, target, removed, kicked, 0)
        stop.set()
    callers = [removed.earlier, removed.present, kicked.earlier, kicked.present, again, stays]
    await _check_stored(target, meeting_id, callers, revoked=[removed.present, kicked.present])
    async with httpx.AsyncClient() as client:
        for caller in (again, stays):
            await caller.send(client, target.server, [caller.entry("leave")])


def _remove_and_kick(
    target: FaultTarget, meeting_id: str, removed: Participant, kicked: Participant
) -> None:
    server = target.server
    with http_client.Client(headers=server.headers) as client:
        path = f"meetings/{meeting_id}"
        gone = client.delete(server.kit(f"{path}/participants/{removed.member['id']}"))
        gone.raise_for_status()
        client.post(
            server.kit(f"{path}/active-session/kick"),
            json={"participant_ids": [kicked.member["id"]]},
        ).raise_for_status()


async def _keep_sending(
    client: httpx.AsyncClient,
    target: FaultTarget,
    removed: Participant,
    kicked: Participant,
    lasting_s: float,
) -> None:
    """Both send every kind of batch for a time, at least once; all are refused."""
    stranger = CollectorClient(member=removed.member, ledger=removed.ledger)
    ends_at = asyncio.get_running_loop().time() + lasting_s
    while True:
        for caller in (removed.present, removed.earlier, stranger):
            for batch in attempts(caller):
                answer = await removed.ask(client, target, caller, batch)
                assert answer.status_code in REVOKED, (answer.status_code, answer.text)
        for batch in attempts(kicked.present):
            answer = await kicked.ask(client, target, kicked.present, batch)
            assert answer.status_code == 202, (answer.status_code, answer.text)
            receipt = answer.json()["data"]
            codes = [each["code"] for each in receipt["rejected"]]
            assert codes == ["kicked"] * len(batch), receipt
            assert (receipt["accepted"], receipt["next"]) == (0, "kicked"), receipt
        if asyncio.get_running_loop().time() >= ends_at:
            return
        await asyncio.sleep(PAUSE_S)


async def _rejoin(
    client: httpx.AsyncClient, target: FaultTarget, kicked: Participant
) -> CollectorClient:
    """A kicked participant's token is valid: the participant may join as a new peer."""
    again = CollectorClient(member=kicked.member, ledger=kicked.ledger)
    for _ in range(2):
        await again.send(client, target.server, again.next_batch())
    return again


async def _check_stored(
    target: FaultTarget,
    meeting_id: str,
    callers: list[CollectorClient],
    *,
    revoked: list[CollectorClient],
) -> None:
    """Raises `AssertionError` unless exactly the acknowledged entries are stored."""
    server = target.server
    answer = await asyncio.to_thread(
        http_client.get, server.kit(f"sessions?associated_id={meeting_id}"), headers=server.headers
    )
    (session,) = answer.raise_for_status().json()["data"]["sessions"]
    assert (session["status"], session["live_participants"]) == ("LIVE", 2), session
    await assert_samples_stored(target.database_url, server.app_id, callers)
    messages = await messages_of(target.database_url, server.app_id, session["id"])
    assert len(messages) == sum(caller.messages for caller in callers)
    assert {message.payload for message in messages} == {"Still there?"}
    peers = await peers_of(target.database_url, server.app_id, session["id"])
    assert set(peers) == {caller.peer_id for caller in callers}
    for caller in revoked:
        assert peers[caller.peer_id].left_reason is LeaveReason.KICKED
