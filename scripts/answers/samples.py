"""The recordings and cases of `tests/samples`, each sent to its endpoint."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from intake import CASES_END_MS, CASES_MS, TOKENS_MS, Intake

SAMPLES: Final = Path(__file__).resolve().parents[2] / "tests" / "samples"
_JANUS_DELAY_MS: Final = 500


def hand_in_samples(intake: Intake) -> None:
    """Send all of them, with the clock held at the time that each needs."""
    _janus_recording(intake)
    _callstats_recording(intake)
    paths = sorted((SAMPLES / "cases").glob("*.json"))
    intake.at(TOKENS_MS)
    intake.invite([path.stem for path in paths])
    intake.at(CASES_END_MS)
    for path in paths:
        case = json.loads(path.read_text())
        _ENDPOINTS[case["door"]](intake, path.stem, case)
    _chromium_recording(intake)


def id_of(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, name))


def _janus_recording(intake: Intake) -> None:
    recording = json.loads((SAMPLES / "janus-events.json").read_text())
    for part in ("call", "combined", "abrupt"):
        last_us = max(event["timestamp"] for event in recording[part])
        intake.at(last_us // 1000 + _JANUS_DELAY_MS)
        intake.janus(recording[part])
        intake.janus(recording[part])  # twice: a repeat counts once


def _callstats_recording(intake: Intake) -> None:
    recording = json.loads((SAMPLES / "realtimekit-callstats-30s.json").read_text())
    meeting_id = intake.kit("meetings", {"title": "Recorded"})["id"]
    text = json.dumps(recording["sent"]).replace("ROOM", meeting_id)
    for number, name in enumerate(("Ada", "Grace")):
        member = intake.member(meeting_id, name)
        text = text.replace(f"user-{number}", member["id"])
        text = text.replace(f"Bearer TOKEN{number}", member["token"])
    for sent in json.loads(text):
        intake.at(sent["at"] + 30)
        intake.post("/api/v1/message", sent["body"], token=sent["auth"])


def _collect_case(intake: Intake, name: str, case: dict[str, Any]) -> None:
    if "grid" in case:  # parameters of a generated call, no input
        return
    entries: list[dict[str, Any]] = [{"type": "join", "at": CASES_MS}]
    if "texts" in case:
        entries += [
            {"type": "chat", "at": CASES_MS + n, "text": text, "id": f"{name}-{n}"}
            for n, text in enumerate(case["texts"])
        ]
    else:
        entries[0]["interval_ms"] = case["interval_ms"]
        reports = case.get("multi") or [[at, "pc1", stats] for at, stats in case["samples"]]
        entries += [
            {
                "type": "sample",
                "at": CASES_MS + at,
                "connections": [{"id": connection, "stats": [_dated(each) for each in stats]}],
                "streams": case.get("tags", []),
            }
            for at, connection, stats in reports
        ]
    begins_at = min(entry["at"] for entry in entries)
    ends_at = max(entry["at"] for entry in entries) + 1
    entries[0]["at"] = begins_at
    entries.append({"type": "leave", "at": ends_at})
    guest = intake.guests[name]
    joined = {
        "type": "peer_joined",
        "at": begins_at,
        "meeting_id": guest["meeting_id"],
        "peer_id": id_of(name),
        "participant": {"user_id": guest["id"], "display_name": name},
    }
    intake.events([joined])
    intake.collect(guest["token"], id_of(name), CASES_END_MS, entries)


def _dated(stats: dict[str, Any]) -> dict[str, Any]:
    """Replace offsets by times, in the unit of the source."""
    at = stats.get("timestamp")
    if isinstance(at, dict) and "us" in at:
        return {**stats, "timestamp": (CASES_MS + at["us"]) * 1000}
    if isinstance(at, int | float):
        return {**stats, "timestamp": CASES_MS + at}
    return stats


def _events_case(intake: Intake, name: str, case: dict[str, Any]) -> None:
    if "texts" in case:
        peer_id = f"{name}-peer"
        events: list[Any] = [{"type": "peer_joined", "at": 0, "peer_id": peer_id}]
        events += [
            {"type": "chat_sent", "at": n, "id": f"m{n}", "peer_id": peer_id, "text": text}
            for n, text in enumerate(case["texts"])
        ]
        events += [
            {
                "type": "line_spoken",
                "at": n * 1000,
                "end_at": n * 1000 + 900,
                "peer_id": peer_id,
                "text": text,
            }
            for n, text in enumerate(case["texts"])
        ]
    else:
        events = case["events"]
    intake.events(
        [{**event, "at": CASES_MS + event["at"]} for event in events], meeting_id=f"room-{name}"
    )


def _janus_case(intake: Intake, name: str, case: dict[str, Any]) -> None:
    dated = [
        {
            "emitter": "janus-1",
            **{k: v for k, v in event.items() if k != "t"},
            "timestamp": round((CASES_MS + event["t"] * 1000) * 1000),
        }
        for event in case["events"]
    ]
    room = int(name[:2]) + 9_000
    intake.janus(json.loads(json.dumps(dated).replace('"room": 0', f'"room": {room}')))


def _message_case(intake: Intake, name: str, case: dict[str, Any]) -> None:
    for number, text in enumerate(case["texts"]):
        at = f"2026-11-21T10:00:0{number}Z"
        stated = {"peerMetaData": {"displayName": text}}
        entries = [
            {"event": "call_join", "timestamp": at, "metaData": stated},
            {"event": "audio_off", "timestamp": at, "metaData": {"note": text}},
        ]
        body = {"peerId": id_of(f"{name}-{number}"), "payload": {"entries": entries}}
        intake.post("/api/v1/message", body, token=intake.guests[name]["token"])


_ENDPOINTS: Final[dict[str, Callable[[Intake, str, dict[str, Any]], None]]] = {
    "collect": _collect_case,
    "events": _events_case,
    "janus": _janus_case,
    "message": _message_case,
}


def _chromium_recording(intake: Intake) -> None:
    """A call of two browsers: each side's samples, moved so that the first is at the clock."""
    recording = json.loads((SAMPLES / "chromium-getstats.json").read_text())
    place = {"meeting_id": f"room-{id_of('Chromium')}", "session_id": id_of("Chromium")}
    intake.events([{"type": "session_opened", "at": CASES_MS, "title": "Chromium"}], **place)
    for side in recording["sides"]:
        intake.events(side_events(side, id_of(f"Chromium {side['role']}")), **place)
    intake.events([{"type": "session_closed", "at": CASES_MS + 600_000}], **place)


def side_events(side: dict[str, Any], peer_id: str) -> list[dict[str, Any]]:
    reports = [_stats_of(sample) for sample in side["samples"]]
    moments = [max(each["timestamp"] for each in stats) for stats in reports]
    shift = CASES_MS - moments[0]
    name = side["role"]
    joined = {
        "type": "peer_joined",
        "at": CASES_MS,
        "peer_id": peer_id,
        "interval_ms": 1_000,
        "participant": {"user_id": f"user-{name}", "display_name": name},
    }
    taken = [
        {
            "type": "sample_taken",
            "at": round(moment + shift),
            "peer_id": peer_id,
            "sequence": sequence,
            "sample": {
                "connections": [
                    {
                        "id": "pc1",
                        "stats": [{**s, "timestamp": s["timestamp"] + shift} for s in stats],
                    }
                ]
            },
        }
        for sequence, (moment, stats) in enumerate(zip(moments, reports, strict=True))
    ]
    left = {"type": "peer_left", "at": round(moments[-1] + shift) + 500, "peer_id": peer_id}
    return [joined, *taken, left]


def _stats_of(sample: Any) -> list[dict[str, Any]]:
    stats = sample.get("stats", sample) if isinstance(sample, dict) else sample
    return list(stats.values()) if isinstance(stats, dict) else stats
