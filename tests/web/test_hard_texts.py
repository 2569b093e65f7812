"""An invalid entry never affects others, on any intake path, on both engines."""

import csv
import io
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest

from aftercall.wire.chat_transcript_files import unguard_formula
from tests.recorder_harness import NOON
from tests.sample_cases import case
from tests.web.intake_harness import IntakeHarness, open_intake
from tests.web.rest_server import RestServer

HARD = [
    (rb"a \u0000 b", "a \ufffd b"),
    (b"a \0 b", "a \ufffd b"),
    (rb"half \ud83d", "half \ufffd"),
    (rb"half \ud83d!", "half \ufffd!"),
    (rb"other half \udc00.", "other half \ufffd."),
    (b"half \xed\xa0\xbd", "half \ufffd"),
    (b"both \xed\xa0\xbd\xed\xb9\x82", "both \U0001f642"),
    (rb"both \ud83d\ude42", "both \U0001f642"),
    (b"latin \xe9t", "latin \ufffdt"),
    (rb"as typed \\u0000", "as typed \\u0000"),
    (rb"as typed \\\u0000", "as typed \\\ufffd"),
    (b"a\x01b", "a\x01b"),
]
"""Texts as a client may encode them in JSON, and what is stored of them."""


@pytest.fixture
async def intake(server: RestServer) -> AsyncIterator[IntakeHarness]:
    async with open_intake(server) as found:
        yield found


def chat(seq: int, text: str) -> dict[str, Any]:
    return {"type": "chat", "seq": seq, "at": NOON + seq, "text": text, "id": f"m{seq}"}


JOIN = {"type": "join", "seq": 0, "at": NOON}


async def messages(intake: IntakeHarness, session_id: str) -> list[str]:
    answer = await intake.owner.request("GET", f"/sessions/{session_id}/chat")
    url = answer.json()["data"]["chat_download_url"]
    text = (await intake.server.client.get(url)).text
    return [row["payload"] for row in csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))]


async def test_a_text_that_breaks_other_batch_parsers_is_accepted(intake: IntakeHarness) -> None:
    texts = case("15")["texts"]
    entries = [JOIN, *(chat(n, text) for n, text in enumerate(texts, 1))]
    data = await intake.collect(*entries)
    assert (data["accepted"], data["rejected"]) == (5, [])
    kept = await messages(intake, data["session"]["id"])
    assert kept == [t.replace("\0", "\ufffd").replace("\ud83d", "\ufffd") for t in texts]


async def test_call_statistics_with_difficult_names_are_accepted(intake: IntakeHarness) -> None:
    for name in case("28")["texts"]:
        peer = str(uuid4())
        join = {"event": "call_join", "metaData": {"peerMetaData": {"displayName": name}}}
        other = {"event": "audio_off", "metaData": {"note": name}}
        entries = [{**e, "timestamp": "2026-11-21T12:00:00Z"} for e in (join, other)]
        data = await intake.post(
            "/api/v1/message", {"peerId": peer, "payload": {"entries": entries}}
        )
        assert data["rejected"] == []
        assert (await intake.report(peer))["completeness"]["refused_entries"] == 0


@pytest.mark.parametrize(("stated", "kept"), HARD, ids=range(len(HARD)))
async def test_every_intake_path_accepts_every_text(
    intake: IntakeHarness, stated: bytes, kept: str
) -> None:
    peer = str(uuid4())
    collected = json.dumps(
        {"v": 1, "peer_id": peer, "sent_at": NOON, "entries": [JOIN, chat(1, "@"), chat(2, "ok")]}
    ).encode()
    data = await intake.post("/v1/collect", collected.replace(b"@", stated))
    assert (data["accepted"], data["rejected"]) == (3, [])
    assert await messages(intake, data["session"]["id"]) == [kept, "ok"]

    event = {"at": NOON, "meeting_id": "room", "type": "peer_joined", "peer_id": "p"}
    reported = {**event, "participant": {"display_name": "@"}}
    body = (
        json.dumps({"events": [reported, {**event, "peer_id": "q"}]}).encode().replace(b"@", stated)
    )
    path = f"/v1/apps/{intake.owner.app_id}/events"
    results = (await intake.post(path, body, token=intake.owner.token))["results"]
    assert [result["status"] for result in results] == ["accepted"] * 2

    news = [
        {
            "type": 64,
            "timestamp": NOON * 1000,
            "session_id": number,
            "handle_id": 2,
            "event": {
                "plugin": "janus.plugin.videoroom",
                "data": {"event": "joined", "room": 7, "id": number, "display": "@"},
            },
        }
        for number in (1, 3)
    ]
    path = f"/v1/apps/{intake.owner.app_id}/sources/janus"
    body = json.dumps(news).encode().replace(b"@", stated)
    assert (await intake.post(path, body, token=intake.owner.token))["accepted"] == 2
    found = {s["associated_id"]: s["id"] for s in await intake.sessions()}
    names = {p.get("display_name") for p in await intake.people(found["room"])}
    assert kept in names
    assert {p.get("display_name") for p in await intake.people(found["7"])} == {kept}

    made = await intake.owner.request(
        "POST", "/meetings", content=b'{"title": "@"}'.replace(b"@", stated)
    )
    assert made.json()["data"]["title"] == kept
    added = await intake.owner.request(
        "POST",
        f"/meetings/{intake.meeting_id}/participants",
        content=b'{"name":"@","preset_name":"@","custom_participant_id":"@"}'.replace(b"@", stated),
    )
    assert added.json()["data"]["name"] == kept


ODD_ENTRIES: list[Any] = [
    b'{"type":"sample","seq":9,"at":NaN}',
    b'{"type":"sample","seq":9,"at":1e400}',
    b'{"type":"sample","seq":9,"at":"soon","connections":[]}',
    b'{"type":"sample","seq":9,"at":-Infinity}',
    b'{"type":"sample","seq":9,"at":AT,"connections":7}',
    b'{"type":"what","seq":9,"at":AT}',
    b'{"type":"event","seq":9,"at":AT,"name":"Bad Name"}',
    b'{"type":"event","seq":9,"at":AT,"name":"deep","data":DEEP}',
    b'{"seq":9}',
    b"17",
    b"null",
]


@pytest.mark.parametrize("odd", ODD_ENTRIES, ids=range(len(ODD_ENTRIES)))
async def test_an_invalid_entry_is_rejected_alone_and_counted(
    intake: IntakeHarness, odd: bytes
) -> None:
    peer = str(uuid4())
    odd = odd.replace(b"AT", b"%d" % NOON).replace(b"DEEP", b'{"a":' * 3_000 + b"1" + b"}" * 3_000)
    head = json.dumps({"v": 1, "peer_id": peer, "sent_at": NOON})[:-1].encode()
    entries = b",".join([json.dumps(JOIN).encode(), odd, json.dumps(chat(1, "ok")).encode()])
    body = head + b',"entries":[' + entries + b"]}"
    data = await intake.post("/v1/collect", body)
    assert data["accepted"] == 2
    assert len(data["rejected"]) == 1
    again = await intake.post("/v1/collect", body)
    assert again["duplicates"] == 2
    assert (await intake.report(peer))["completeness"]["refused_entries"] == 1


@pytest.mark.parametrize(
    "at",
    [
        NOON * 1000,
        NOON / 1000,
        NOON * 1_000_000,
        "2026-11-21T12:00:00Z",
        "2026-11-21T13:00:00+01:00",
        str(NOON),
    ],
)
async def test_a_time_in_another_format_is_parsed(intake: IntakeHarness, at: Any) -> None:
    data = await intake.collect({**JOIN, "at": at}, sent_at=at)
    assert (data["accepted"], data["rejected"]) == (1, [])
    event = {"at": at, "meeting_id": "room", "type": "peer_joined", "peer_id": "p"}
    path = f"/v1/apps/{intake.owner.app_id}/events"
    results = (await intake.post(path, {"events": [event]}, token=intake.owner.token))["results"]
    assert results == [{"status": "accepted"}]
    assert {s["started_at"] for s in await intake.sessions()} == {"2026-11-21T12:00:00.000Z"}


async def test_rejected_samples_are_no_gap(intake: IntakeHarness) -> None:
    peer = str(uuid4())
    good = {"type": "sample", "connections": [], "streams": []}
    bad = {"type": "sample", "connections": 7}
    for n in range(20):
        intake.pass_time(7)
        at = NOON + (n + 1) * 7_000
        entry = {**(bad if 3 < n < 16 else good), "seq": n + 1, "at": at}
        await intake.collect(*([JOIN] if n == 0 else []), entry, peer_id=peer, sent_at=at)
    report = await intake.report(peer)
    assert report["completeness"]["refused_entries"] == 12
    assert report["completeness"]["gaps"] == []
    assert report["completeness"]["share"] < 0.6
    assert "stats_gap" not in str(report)
    assert "No reports came" not in str(report)


async def test_an_invalid_member_is_left_out_of_its_entry(intake: IntakeHarness) -> None:
    odd = {**JOIN, "display_name": 5, "interval_ms": "often", "is_hidden": [], "extra": {}}
    data = await intake.collect(odd)
    assert (data["accepted"], data["rejected"]) == (1, [])
    [person] = await intake.people(data["session"]["id"])
    assert person["display_name"] == "Ada"


async def test_difficult_texts_are_unchanged_in_the_csv(intake: IntakeHarness) -> None:
    texts = case("27")["texts"]
    await intake.events(
        {"type": "peer_joined", "at": 0, "peer_id": "p"},
        *({"type": "chat_sent", "at": n, "id": f"m{n}", "text": t} for n, t in enumerate(texts)),
    )
    [session] = await intake.sessions()
    kept = await messages(intake, session["id"])
    assert [unguard_formula(text) for text in kept] == texts
