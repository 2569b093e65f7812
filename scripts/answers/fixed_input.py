"""The input of a fresh server: the recordings and cases of `tests/samples`, simulated calls, and a
few posts of our own, one after the other, each at its own time."""

import json
import re
from typing import Any, Final

from intake import CLOSED_MS, FOLDED_MS, LIVE_MS, SIMULATED_MS, Intake
from server import ACCOUNT, APP, OTHER_APP, OTHER_TOKEN, TOKEN, Release, client

from samples import SAMPLES, hand_in_samples, id_of, side_events

_SIMULATED: Final = (
    # seed, guests, minutes, hours that the calls' ends are spread over, calls
    (7, 4, 6, 30, 5),
    (11, 3, 3, 4, 3),
    (23, 9, 2, 0, 1),
)


def hand_in(release: Release, url: str) -> list[Any]:
    """Send everything; returns paths, statuses and bodies of the answers, in order."""
    with client(url) as http:
        intake = Intake(release, http, APP, TOKEN)
        hand_in_samples(intake)
        intake.at(SIMULATED_MS)
        _simulate(release, url)
        other = Intake(release, http, OTHER_APP, OTHER_TOKEN)
        _breakout_call(other)
        intake.at(CLOSED_MS)
        for one in (intake, other):
            _close_all(one)
        intake.at(FOLDED_MS)
        _summaries(intake)
        _wrong_posts(intake)
        intake.at(LIVE_MS)
        _live_call(intake)
        release.wait_until_idle()
        return [*intake.answers, *other.answers]


def _simulate(release: Release, url: str) -> None:
    for seed, guests, minutes, hours, calls in _SIMULATED:
        release.run(
            *("simulate", "--json", "--url", url, "--account", ACCOUNT, "--app", APP),
            *("--seed", str(seed), "--participants", str(guests), "--minutes", str(minutes)),
            *("--over-hours", str(hours), "--meetings", str(calls), "--at-once", "1"),
            seed=f"simulate {seed}",
            env={"SIMULATE_TOKEN": TOKEN},
        )
        release.wait_until_idle()


def _wrong_posts(intake: Intake) -> None:
    """Send posts that each endpoint refuses."""
    path = f"/v1/apps/{APP}/events"
    at = CLOSED_MS
    for body in (
        b"{",
        b"[]",
        {"events": "none"},
        {"events": [{"type": "no_such_event", "at": at}]},
        {"events": [{"type": "peer_left", "at": at, "peer_id": "nobody"}]},
        {"events": [{"type": "peer_joined", "at": -1, "meeting_id": "m", "peer_id": "p"}]},
        {"events": [{"type": "chat_sent", "at": at, "meeting_id": "m", "text": "to nobody"}]},
    ):
        intake.post(path, body)
    intake.post("/v1/collect", {"v": 1, "peer_id": "p", "sent_at": at, "entries": []})
    intake.post("/v1/collect", b"not JSON", token="no-token")
    intake.post("/api/v1/message", {"peerId": "p"}, token="no-token")
    intake.post(f"/v1/apps/{APP}/sources/janus?stats_period=soon", [])
    intake.post(f"/v1/apps/{APP}/sources/janus", {"type": "text"})
    intake.post(f"/v1/apps/{OTHER_APP}/events", {"events": []}, token=OTHER_TOKEN)
    intake.post(f"/v1/apps/{APP}/events", {"events": []}, token=OTHER_TOKEN)


def _call_events(title: str, begin_ms: int, *names: str) -> list[dict[str, Any]]:
    """A call in its first minute: joins, chat, a line of transcript, no leaves."""
    events: list[dict[str, Any]] = [{"type": "session_opened", "at": begin_ms, "title": title}]
    for number, name in enumerate(names):
        peer = {"peer_id": id_of(f"{title} {name}")}
        at = begin_ms + 1_000 * number
        who = {"user_id": f"user-{name}", "display_name": name, "custom_participant_id": name}
        events += [
            {"type": "peer_joined", "at": at, "participant": who, **peer},
            {"type": "chat_sent", "at": at + 500, "id": f"chat {name}", "text": f"{name}?", **peer},
            {
                "type": "line_spoken",
                "at": at + 2_000,
                "end_at": at + 4_000,
                "text": f"This is {name}. We decided to publish the budget on Friday.",
                **peer,
            },
        ]
    return events


def _live_call(intake: Intake) -> None:
    """A live call, with the samples of a browser."""
    recording = json.loads((SAMPLES / "chromium-getstats.json").read_text())
    place = {"meeting_id": "live-meeting", "session_id": id_of("live")}
    intake.events(_call_events("Live planning", LIVE_MS - 60_000, "Ann", "Bob"), **place)
    peer_id = id_of("Live planning Ann")
    taken = side_events(recording["sides"][0], peer_id)[1:-1]
    shift = LIVE_MS - taken[-1]["at"]
    moved = re.sub(
        r'("timestamp": |"at": )(\d{13}(?:\.\d+)?)',
        lambda found: found[1] + repr(json.loads(found[2]) + shift),
        json.dumps(taken),
    )
    intake.events(json.loads(moved), **place)


def _breakout_call(intake: Intake) -> None:
    """A call with a breakout room."""
    main = {"meeting_id": "main", "session_id": id_of("main")}
    room = {"meeting_id": "room", "session_id": id_of("room"), "parent_session_id": id_of("main")}
    begin_ms = SIMULATED_MS - 900_000
    intake.events(_call_events("Workshop", begin_ms, "Cyd", "Dee"), **main)
    rooms_own = _call_events("Workshop room", begin_ms + 120_000, "Eve")
    intake.events([{**rooms_own[0], **room}])
    intake.events(rooms_own[1:], meeting_id="room", session_id=id_of("room"))


def _close_all(intake: Intake) -> None:
    """The host closes the live sessions, in the order of ids."""
    for session in sorted(intake.sessions("status=LIVE"), key=lambda each: each["id"]):
        place = {"meeting_id": session["associated_id"], "session_id": session["id"]}
        intake.events([{"type": "session_closed", "at": CLOSED_MS}], **place)


def _summaries(intake: Intake) -> None:
    for session in intake.sessions("status=ENDED&sort_by=minutesConsumed&per_page=5"):
        intake.kit(f"sessions/{session['id']}/summary", {})
