"""The pages of a call and of a participant show the values of the API."""

import re
from datetime import datetime
from typing import Any

from playwright.sync_api import Page, expect

from tests.acceptance import recorded_call
from tests.acceptance.dashboard.browser_harness import (
    MARKS,
    ZONE,
    read,
    wait_until_final,
    wait_until_loaded,
)
from tests.acceptance.seeded_session import SDK_SESSION
from tests.acceptance.server import Server

pytestmark = MARKS


def test_one_cursor_reads_all_timelines(server: Server, page: Page) -> None:
    reported = read(server, f"calls/{SDK_SESSION}")
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
        expect(page.locator(".ticks .cursor-time")).to_have_text(local)
        for lane in reported["lanes"]:
            reading = page.locator(f"[data-reading='{lane['participant_id']}']").inner_text()
            shown = [
                number(text) for text in re.findall(r"(?:Sound|Picture)\s+([\d.]+|–)", reading)
            ]
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
"""The factor from the API's unit to the shown one, and the digits shown at least."""


def test_charts_show_the_values_of_the_api(server: Server, page: Page) -> None:
    path = f"calls/{SDK_SESSION}/peers/{SDK_SESSION}/series?points=800"
    reported = read(server, path)
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


def assert_quality_is_known(reported: Any) -> None:
    """Both participants of the recorded call were present for 30 s, and their quality is known: the
    audio arrived and was not played, the video was good."""
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


def test_the_page_of_a_recorded_call_shows_its_report(server: Server, page: Page) -> None:
    session_id = recorded_call.replay(server)
    wait_until_final(server, session_id)
    reported = read(server, f"calls/{session_id}")
    assert_quality_is_known(reported)
    page.goto(f"/sessions/{session_id}")
    wait_until_loaded(page)
    for lane in reported["lanes"]:
        reading = page.locator(f"[data-reading='{lane['participant_id']}']").inner_text()
        for mos in (lane["p10_mos_audio"], lane["p10_mos_video"]):
            assert ("–" if mos is None else f"{mos:.1f}") in reading
    for lane in reported["lanes"]:
        page.goto(f"/sessions/{session_id}/peers/{lane['participant_id']}")
        wait_until_loaded(page)
        series = read(server, f"calls/{session_id}/peers/{lane['participant_id']}/series")
        keys = page.locator("[data-stream]").evaluate_all("all => all.map(e => e.dataset.stream)")
        assert sorted(keys) == sorted(stream["key"] for stream in series["streams"])
        for stream in series["streams"]:
            page.locator(f"[data-stream='{stream['key']}']").click()
            bitrate = page.locator("[data-measure='bitrate_bps']")
            expect(bitrate).to_have_attribute("data-points", str(len(stream["bitrate_bps"])))
        for pair in series["candidate_pairs"]:
            expect(page.locator(".facts")).to_contain_text(pair["sentence"])
