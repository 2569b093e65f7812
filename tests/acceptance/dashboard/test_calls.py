"""One call and one participant: what is shown is what the API tells."""

import re
from datetime import datetime
from typing import Any

from playwright.sync_api import Page, expect

from tests.acceptance import recorded
from tests.acceptance.dashboard.looking import MARKS, ZONE, ask, wait_until_folded, wait_until_still
from tests.acceptance.seed import SDK_SESSION
from tests.acceptance.server import Server

pytestmark = MARKS


def test_one_cursor_points_into_all_lanes(server: Server, page: Page) -> None:
    reported = ask(server, f"calls/{SDK_SESSION}")
    page.goto(f"/sessions/{SDK_SESSION}")
    slider = page.get_by_role("slider", name="Moment")
    expect(slider).to_be_visible()
    for bucket in (reported["buckets"] // 3, reported["buckets"] // 2):
        at = reported["from_at"] + bucket * reported["bucket_ms"]
        slider.focus()
        page.keyboard.press("Home")
        for _ in range(bucket // 10):
            page.keyboard.press("Shift+ArrowRight")
        for _ in range(bucket % 10):
            page.keyboard.press("ArrowRight")
        expect(page).to_have_url(re.compile(f"at={at}"))
        local = datetime.fromtimestamp(at / 1000, ZONE).strftime("%H:%M:%S")
        expect(page.locator(".ruler .cursor-time")).to_have_text(local)
        for lane in reported["lanes"]:
            reading = page.locator(f"[data-reading='{lane['participant_id']}']").inner_text()
            shown = [number(text) for text in re.findall(r"(?:MOS|[AV])\s+([\d.]+|–)", reading)]
            wanted = [lane["mos_audio"][bucket], lane["mos_video"][bucket]]
            assert len(shown) >= 2, reading
            for text, value in zip(shown[-2:], wanted, strict=True):
                assert_shown(text, value, digits=1)


def number(text: str) -> float | None:
    return None if text == "–" else float(text)


def assert_shown(shown: float | None, value: float | None, *, digits: int) -> None:
    if value is None:
        assert shown is None
    else:
        assert shown is not None
        assert abs(shown - value) <= 0.5 * 10**-digits + 1e-9


MEASURES = {
    "mos": (1.0, 1),
    "loss_percent": (1.0, 0),
    "rtt_ms": (1.0, 0),
    "jitter_ms": (1.0, 0),
    "fps": (1.0, 1),
    "height": (1.0, 1),
}
"""What a chart's number must be multiplied with, and its digits at the worst."""


def test_charts_show_the_values_of_the_api(server: Server, page: Page) -> None:
    path = f"calls/{SDK_SESSION}/peers/{SDK_SESSION}/series?points=800"
    reported = ask(server, path)
    streams = [stream for stream in reported["streams"] if len(stream["t"]) > 20]
    assert {stream["is_sent"] for stream in streams} == {True, False}
    compared = 0
    for stream in (streams[0], streams[-1]):
        index = 2 * len(stream["t"]) // 3
        at = stream["t"][index]
        page.goto(f"/sessions/{SDK_SESSION}/peers/{SDK_SESSION}?at={at}&stream={stream['key']}")
        expect(page.locator(".measure canvas").first).to_be_visible()
        for name, (factor, digits) in MEASURES.items():
            if not any(value is not None for value in stream[name]):
                expect(page.locator(f"[data-measure='{name}']")).to_have_count(0)
                continue
            figure = page.locator(f"[data-measure='{name}']")
            assert figure.get_attribute("data-points") == str(len(stream[name]))
            text = figure.locator(".reading-here").inner_text()
            shown = number(text.split()[0].replace(",", ""))
            value = stream[name][index]
            assert_shown(shown, None if value is None else value * factor, digits=digits)
            compared += 1
    assert compared >= 8


def assert_judged(reported: Any) -> None:
    """Both people of the recorded call were there for 30 s, and their quality is known: the
    sound came and was not played, the pictures were good."""
    assert reported["call"]["quality"]["measured_participants"] == 2
    sharer, watcher = reported["lanes"]
    assert [(lane["avg_mos_audio"], lane["loss_percent"]) for lane in reported["lanes"]] == [
        (1, 0)
    ] * 2
    assert watcher["avg_mos_video"] > 3
    for lane in (sharer, watcher):
        assert 30_000 < lane["left_at"] - lane["joined_at"] < 31_000
        assert lane["completeness"]["share"] == 1
    assert {(found["participant_id"], found["cause"]) for found in reported["diagnosis"]} == {
        (lane["participant_id"], "audio_not_played") for lane in (sharer, watcher)
    }


def test_a_recorded_call_is_shown_as_it_was(server: Server, page: Page) -> None:
    session_id = recorded.replay(server)
    wait_until_folded(server, session_id)
    reported = ask(server, f"calls/{session_id}")
    assert_judged(reported)
    page.goto(f"/sessions/{session_id}")
    wait_until_still(page)
    for lane in reported["lanes"]:
        reading = page.locator(f"[data-reading='{lane['participant_id']}']").inner_text()
        for mos in (lane["p10_mos_audio"], lane["p10_mos_video"]):
            assert ("–" if mos is None else f"{mos:.1f}") in reading
    for lane in reported["lanes"]:
        page.goto(f"/sessions/{session_id}/peers/{lane['participant_id']}")
        wait_until_still(page)
        series = ask(server, f"calls/{session_id}/peers/{lane['participant_id']}/series")
        keys = page.locator("[data-stream]").evaluate_all("all => all.map(e => e.dataset.stream)")
        assert sorted(keys) == sorted(stream["key"] for stream in series["streams"])
        for stream in series["streams"]:
            page.locator(f"[data-stream='{stream['key']}']").click()
            bitrate = page.locator("[data-measure='bitrate_bps']")
            expect(bitrate).to_have_attribute("data-points", str(len(stream["bitrate_bps"])))
        for pair in series["candidate_pairs"]:
            expect(page.locator(".facts")).to_contain_text(pair["sentence"])
