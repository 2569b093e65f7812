"""The page of a session: the answer first, causes as rows, a person's view, live and settling."""

import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from aftercall.simulator.call import Call
from aftercall.simulator.network_conditions import Kind
from tests.acceptance.dashboard.axe import AXE, assert_accessible, violations
from tests.acceptance.dashboard.browser_harness import (
    MARKS,
    plain,
    post_events,
    read,
    wait_until_final,
    wait_until_loaded,
    words,
)
from tests.acceptance.dashboard.conftest import signed_in
from tests.acceptance.seeded_session import SDK_SESSION, event_of
from tests.acceptance.server import Server, start, wait_until_ended

pytestmark = MARKS

ROOM = "5e551000-0000-4000-8000-000000000200"
LIVE = "5e551000-0000-4000-8000-000000000001"


def room_events(begin_ms: int, *, people: int) -> list[dict[str, Any]]:
    """The events of a finished call of many, of whom four were measured and two had a bad network,
    with a breakout room."""
    call = Call(
        seed=7,
        number=0,
        participants=4,
        length_s=90,
        interval_s=10,
        begin_ms=begin_ms,
        kinds=(Kind.LOSSY_UPLINK, Kind.CONGESTED_DOWNLINK, Kind.GOOD, Kind.GOOD),
    )
    place = {"meeting_id": "room-meeting", "session_id": ROOM}
    events: list[dict[str, Any]] = [
        {"type": "session_opened", "id": "opened", "at": begin_ms, "title": "Big room", **place}
    ]
    for _, second in call.play():
        events += [{**event_of(sent), "peer_id": sent.peer.id, **place} for sent in second]
    events += [
        joined(f"Guest {number:03d}", f"guest-{number}", begin_ms + 1_000 + number, place)
        for number in range(people - 4)
    ]
    side = {"meeting_id": "side-meeting", "session_id": f"{ROOM[:-3]}300"}
    events += [
        {
            "type": "session_opened",
            "id": "side-opened",
            "at": begin_ms + 20_000,
            "title": "Side room",
            "parent_session_id": ROOM,
            **side,
        },
        joined("Zed", "zed", begin_ms + 21_000, side),
        {"type": "session_closed", "id": "side-closed", "at": begin_ms + 60_000, **side},
    ]
    closed = {"type": "session_closed", "id": "closed", "at": begin_ms + 90_000, **place}
    return [*events, closed]


def joined(name: str, peer_id: str, at: int, place: dict[str, str]) -> dict[str, Any]:
    return {
        "type": "peer_joined",
        "id": f"join-{peer_id}",
        "at": at,
        "peer_id": peer_id,
        "participant": {"display_name": name, "custom_participant_id": f"custom-{peer_id}"},
        **place,
    }


@pytest.fixture(scope="module")
def room(server: Server) -> Any:
    """A call of two hundred, as the API answers it."""
    begin_ms = round(time.time() * 1000) - 3_600_000
    post_events(server, room_events(begin_ms, people=200))
    wait_until_ended(server, ROOM)
    wait_until_final(server, ROOM)
    return read(server, f"calls/{ROOM}")


def test_the_first_sentence_is_the_verdict_of_the_api(server: Server, page: Page) -> None:
    reported = read(server, f"calls/{SDK_SESSION}")
    verdict = reported["verdict"]
    page.goto(f"/sessions/{SDK_SESSION}")
    sentence = page.locator("main .answer-sentence")
    expect(sentence).to_be_visible()
    said = words(verdict["who"]) + words(verdict["what"])
    assert plain(sentence.inner_text()).replace("\n", " ").startswith(said)
    advice = "What to do: " + words(verdict["advice"])
    assert plain(page.locator(".answer-do").inner_text()) == advice
    # Nothing of the page's own precedes it but what the session is, and whose view it is.
    before = page.locator("main .session-head, main .answer").evaluate_all(
        "all => all.map(one => one.className)"
    )
    assert before == ["session-head", "answer"]


def test_causes_are_rows_with_the_figures_of_the_api_and_open(server: Server, page: Page) -> None:
    causes = read(server, f"calls/{SDK_SESSION}")["causes"]
    page.goto(f"/sessions/{SDK_SESSION}")
    rows = page.locator(".cause")
    expect(rows).to_have_count(len(causes))
    for cause in causes:
        if cause["is_note"]:
            continue
        row = page.locator(f"[data-cause='{cause['key']}']")
        shown = plain(row.locator(".line").inner_text())
        assert cause["noun"] in shown
        assert plain(row.locator(".fig").inner_text()).strip() == cause["amount"]
        assert row.locator(".cause-bar .base ~ g").count() == len(cause["spans"])
    first = page.locator(f"[data-cause='{causes[0]['key']}'] .line")
    expect(first).to_have_attribute("aria-expanded", "false")
    first.click()
    expect(first).to_have_attribute("aria-expanded", "true")
    explained = plain(page.locator(".explained").inner_text())
    for title in ("What happened", "How we know", "What to do"):
        assert title in explained
    for text in causes[0]["known"]:
        assert words(text) in explained
    assert "UTC" not in explained


def test_keys_walk_through_causes_and_move_the_moment(server: Server, page: Page) -> None:
    reported = read(server, f"calls/{SDK_SESSION}")
    causes = [cause["key"] for cause in reported["causes"] if not cause["is_note"]]
    page.goto(f"/sessions/{SDK_SESSION}")
    wait_until_loaded(page)
    for key in [*causes, causes[0]]:
        page.keyboard.press("]")
        expect(page.locator(f"[data-cause='{key}'] .explained")).to_be_visible()
        expect(page.locator(".explained")).to_have_count(1)
    page.keyboard.press("[")
    expect(page.locator(f"[data-cause='{causes[-1]}'] .explained")).to_be_visible()
    before = moment_of(page)
    page.keyboard.press("ArrowRight")
    expect(page).not_to_have_url(re.compile(f"at={before}"))
    assert moment_of(page) == min(before + reported["bucket_ms"], reported["to_at"])
    page.keyboard.press("Escape")
    expect(page).not_to_have_url(re.compile("at="))
    expect(page.locator(".cursor-time")).to_have_count(0)


def moment_of(page: Page) -> int:
    return int(parse_qs(urlsplit(page.url).query)["at"][0])


def test_a_person_in_the_address_is_answered_first(server: Server, page: Page) -> None:
    reported = read(server, f"calls/{SDK_SESSION}")
    lanes = reported["lanes"]
    for lane in lanes:
        verdict = reported["personal"][lane["participant_id"]]
        page.goto(f"/sessions/{SDK_SESSION}?person={lane['person']}")
        sentence = page.locator("main .answer-sentence")
        expect(sentence).to_be_visible()
        said = words(verdict["who"]) + words(verdict["what"])
        assert plain(sentence.inner_text()).replace("\n", " ").startswith(said)
        first = page.locator(".lane[data-lane]").first
        expect(first).to_have_attribute("data-lane", lane["participant_id"])
        expect(first).to_have_class(re.compile(r"\blit\b"))
        if verdict["worst_at"] is not None:
            expect(page).to_have_url(re.compile(f"at={verdict['worst_at']}"))
            expect(page.locator(".cursor-time")).to_be_visible()
        own = {
            cause["key"]
            for cause in reported["causes"]
            if not cause["is_note"] and lane["participant_id"] in cause["levels"]
        }
        shown = page.locator(".sheet > .cause").evaluate_all(
            "all => all.map(one => one.dataset.cause)"
        )
        assert set(shown) == own
        if verdict["cause"] is not None:
            assert shown[0] == verdict["cause"]
    page.get_by_role("button", name="Everyone").click()
    expect(page).not_to_have_url(re.compile("person="))
    page.go_back()
    expect(page).to_have_url(re.compile("person="))


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed")
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_state(
    server: Server, chromium: Browser, room: Any, width: int, scheme: Any
) -> None:
    reported = read(server, f"calls/{SDK_SESSION}")
    bad = next(lane for lane in reported["lanes"] if lane["is_bad"])
    for opened in signed_in(server, chromium, width=width):
        opened.emulate_media(color_scheme=scheme)
        for address in (
            f"/sessions/{SDK_SESSION}?cause={reported['causes'][0]['key']}",
            f"/sessions/{SDK_SESSION}?person={bad['person']}",
            f"/sessions/{SDK_SESSION}?person=stranger",
            f"/sessions/{ROOM}",
        ):
            opened.goto(address)
            wait_until_loaded(opened)
            opened.evaluate(AXE.read_text())
            assert violations(opened) == [], address
            beyond = opened.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert beyond <= 0, address


def test_a_room_of_two_hundred_shows_who_had_trouble_and_finds_the_others(
    server: Server, page: Page, room: Any
) -> None:
    page.goto(f"/sessions/{ROOM}")
    expect(page.get_by_text("All 200", exact=True)).to_be_visible()
    troubled = [lane for lane in room["lanes"] if 1 <= lane["level"] <= 3]
    assert 1 <= len(troubled) <= 12
    full = page.locator(".lanes .lane")
    expect(full).to_have_count(len(troubled))
    assert page.locator(".lane[data-lane]").count() < 100
    page.set_viewport_size({"width": 1280, "height": 300})
    page.wait_for_function("document.querySelectorAll('.lane[data-lane]').length < 30")
    page.set_viewport_size({"width": 1280, "height": 860})
    quiet = next(lane for lane in room["lanes"] if lane["name"] == "Guest 123")
    page.get_by_role("searchbox", name="Find among the 200 people").fill(quiet["name"])
    found = page.locator(".page-window .lane")
    expect(found.first).to_contain_text(quiet["name"])
    expect(found).to_have_count(
        sum(quiet["name"].lower() in (lane["name"] or "").lower() for lane in room["lanes"])
    )
    page.get_by_role("button", name=re.compile("^Everyone, 200")).click()
    page.get_by_role("searchbox", name="Find a person", exact=True).fill(quiet["name"])
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("person="))
    assert quiet["name"] in plain(page.locator(".answer").inner_text())


def test_breakout_rooms_are_rows_on_the_same_axis(server: Server, page: Page, room: Any) -> None:
    assert [each["title"] for each in room["breakout_rooms"]] == ["Side room"]
    page.goto(f"/sessions/{ROOM}")
    row = page.locator(".lane.room")
    expect(row).to_contain_text("Side room")
    expect(row).to_contain_text("1 person")
    bar = row.locator("rect.stay")
    span = room["to_at"] - room["from_at"]
    side = room["breakout_rooms"][0]
    left = 1000 * (side["started_at"] - room["from_at"]) / span
    assert abs(float(bar.get_attribute("x") or 0) - left) < 1
    row.get_by_role("link", name="Side room").click()
    expect(page.get_by_role("link", name="Big room")).to_be_visible()


def test_a_key_is_answered_within_a_tenth_of_a_second_in_a_room_of_two_hundred(
    server: Server, page: Page, room: Any
) -> None:
    page.goto(f"/sessions/{ROOM}")
    wait_until_loaded(page)
    took = page.evaluate(
        """async () => {
            const painted = () =>
                new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
            const took = [];
            for (const key of ["ArrowRight", "]", "ArrowRight", "ArrowLeft", "]", "ArrowRight"]) {
                await painted();
                const began = performance.now();
                document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
                await painted();
                took.push(performance.now() - began);
            }
            return took.sort((one, other) => one - other);
        }"""
    )
    assert took[len(took) // 2] < 100, took


def test_a_live_session_is_told_in_the_present_and_settles_by_itself(
    server: Server, page: Page
) -> None:
    at = round(time.time() * 1000)
    place = {"meeting_id": "live-page", "session_id": LIVE}
    post_events(server, [joined("Ann", "live-ann", at - 60_000, place)])
    page.goto(f"/sessions/{LIVE}")
    expect(page.locator(".session-head .live-mark")).to_have_text("Live")
    expect(page.locator(".answer-sentence")).to_contain_text("Not judged yet")
    expect(page.locator(".now-edge")).to_have_count(1)
    expect(page.get_by_text(re.compile("Heard .* ago"))).to_be_visible()
    assert_accessible(page)
    post_events(server, [joined("Bob", "live-bob", at - 1_000, place)])
    expect(page.locator(".lane[data-lane]")).to_have_count(2)
    post_events(server, [{"type": "session_closed", "id": "live-closed", "at": at, **place}])
    expect(page.locator(".session-head .tag")).to_have_text("Closed")
    expect(page.get_by_text("Settling.")).to_have_count(0)
    expect(page.locator(".now-edge")).to_have_count(0)
    expect(page.locator(".answer-sentence")).to_contain_text("Nobody was measured")
    assert read(server, f"calls/{LIVE}")["is_final"]


@pytest.fixture
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of its own with one live session."""
    running = start(tmp_path_factory.mktemp("mortal"))
    try:
        at = round(time.time() * 1000)
        place = {"meeting_id": "mortal", "session_id": LIVE}
        post_events(running, [joined("Ann", "ann", at, place)])
        yield running
    finally:
        running.stop()


def test_a_page_outlives_its_server(mortal: Server, chromium: Browser) -> None:
    context = chromium.new_context(base_url=mortal.url, viewport={"width": 1280, "height": 800})
    assert context.request.post("/v1/sign-in", data={"token": mortal.api_token}).ok
    opened = context.new_page()
    opened.goto(f"/sessions/{LIVE}")
    expect(opened.locator(".lane[data-lane]")).to_have_count(1)
    mortal.kill()
    expect(opened.get_by_text(re.compile("No connection since"))).to_be_visible()
    expect(opened.locator(".lane[data-lane]")).to_have_count(1)
    again = start(mortal.data_dir, mortal.rights, port=mortal.port)
    try:
        place = {"meeting_id": "mortal", "session_id": LIVE}
        post_events(again, [joined("Bob", "bob", round(time.time() * 1000), place)])
        expect(opened.locator(".lane[data-lane]")).to_have_count(2)
        expect(opened.get_by_text(re.compile("No connection since"))).to_have_count(0)
    finally:
        context.close()
        again.stop()
