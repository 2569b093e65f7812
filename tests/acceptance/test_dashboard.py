"""The dashboard in a real browser, over a running server with ten thousand calls in it."""

import json
import re
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from aftercall.cli.simulation.weather import Kind
from aftercall.core.instants import DAY_MS, EpochMs
from tests.acceptance import crowd, hostile, recorded
from tests.acceptance.calls import find_chromium
from tests.acceptance.seed import SDK_SESSION, seed_session
from tests.acceptance.server import Server, command, make_app, start, wait_until_ended

CHROMIUM = find_chromium()
ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
PAGES = ROOT / "src" / "aftercall" / "_static" / "dashboard" / "index.html"
ZONE = ZoneInfo("Asia/Kolkata")
"""Half an hour beside UTC, so that no mistaken zone goes unseen."""
HOSTILE_SESSION = "40571e00-0000-4000-8000-000000000001"
ROW = "main tr[data-session]"

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium was found on this machine"),
    pytest.mark.skipif(not PAGES.is_file(), reason="the dashboard is not built"),
    pytest.mark.xdist_group("browser"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with ten thousand calls, of which two were measured: one that was bad, and one
    whose people attack whoever reads about them."""
    data_dir = tmp_path_factory.mktemp("dashboard")
    rights = make_app(data_dir)
    now = round(time.time() * 1000)
    names = ["Ada Costa", "Grace Novak"]
    crowd.fill(data_dir, rights["app_id"], count=10_000, now=EpochMs(now), also=names)
    started = start(data_dir, rights)
    try:
        begin_ms = now - 2 * DAY_MS
        seed_session(started, begin_ms=begin_ms, session_id=SDK_SESSION, peer_id=SDK_SESSION)
        tell(
            started,
            hostile.hostile_events(
                begin_ms=begin_ms + 600_000,
                session_id=HOSTILE_SESSION,
                kinds=(Kind.LOSSY_UPLINK, Kind.GOOD, Kind.TURN_TCP),
            ),
        )
        wait_until_ended(started, HOSTILE_SESSION)
        wait_until_folded(started, SDK_SESSION)
        wait_until_folded(started, HOSTILE_SESSION)
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def page(server: Server, chromium: Browser) -> Iterator[Page]:
    """A page of somebody who is signed in; at the end nothing was refused and nothing failed."""
    yield from signed_in(server, chromium, width=1280)


@pytest.fixture
def narrow_page(server: Server, chromium: Browser) -> Iterator[Page]:
    yield from signed_in(server, chromium, width=390)


def signed_in(server: Server, chromium: Browser, *, width: int) -> Iterator[Page]:
    context = chromium.new_context(
        viewport={"width": width, "height": 860},
        timezone_id=ZONE.key,
        locale="en-GB",
        base_url=server.url,
    )
    answer = context.request.post("/v1/sign-in", data={"token": server.api_token})
    assert answer.ok, answer.text()
    opened = context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    opened.on(
        "console",
        lambda said: problems.append(said.text) if said.type in {"error", "warning"} else None,
    )
    foreign: list[str] = []
    opened.on(
        "request",
        lambda asked: None if asked.url.startswith(server.url) else foreign.append(asked.url),
    )
    yield opened
    context.close()
    assert problems == []
    assert foreign == []


def tell(server: Server, events: list[dict[str, Any]]) -> None:
    """Hands events in at the backend's door."""
    for part in range(0, len(events), 500):
        answer = httpx.post(
            f"{server.url}/v1/apps/{server.app_id}/events",
            json={"events": events[part : part + 500]},
            headers=server.headers,
            timeout=30,
        )
        results = answer.raise_for_status().json()["data"]["results"]
        assert [result for result in results if result["status"] == "rejected"] == []


def ask(server: Server, rest: str) -> Any:
    answer = httpx.get(f"{server.url}/v1/apps/{server.app_id}/{rest}", headers=server.headers)
    return answer.raise_for_status().json()["data"]


def wait_until_folded(server: Server, session_id: str) -> None:
    give_up_at = time.monotonic() + 60
    while time.monotonic() < give_up_at:
        quality = ask(server, f"calls/{session_id}")["call"]["quality"]
        if quality and quality["is_final"]:
            return
        time.sleep(0.2)
    raise AssertionError(f"{session_id} was not folded")


def test_an_api_token_signs_in_and_signing_out_forgets_it(
    server: Server, chromium: Browser
) -> None:
    context = chromium.new_context(base_url=server.url)
    page = context.new_page()
    page.goto("/people")
    page.get_by_label("API token").fill("ac_wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("unknown or was revoked")

    page.get_by_label("API token").fill(server.api_token)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="People")).to_be_visible()
    (cookie,) = context.cookies()
    assert (cookie.get("httpOnly"), cookie.get("sameSite")) == (True, "Strict")
    assert page.evaluate("document.cookie") == ""

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto("/sessions")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    context.close()


def test_a_printed_link_signs_in_once(server: Server, chromium: Browser) -> None:
    printed = command("link", "--data-dir", str(server.data_dir), "--url", server.url)
    found = re.search(r"http\S+/sign-in#\S+", printed.stdout)
    assert found is not None, printed.stdout + printed.stderr
    context = chromium.new_context()
    page = context.new_page()
    page.goto(found[0])
    expect(page.get_by_role("heading", name="Sessions")).to_be_visible()
    assert "#" not in page.url
    context.close()

    again = chromium.new_context()
    page = again.new_page()
    page.goto(found[0])
    expect(page.get_by_role("alert")).to_contain_text("used already")
    again.close()


def test_a_live_call_comes_and_ends_without_a_reload(server: Server, page: Page) -> None:
    page.goto("/sessions")
    expect(page.locator(ROW).first).to_be_visible()
    page.evaluate("window.loadedOnce = true")
    session_id = "11fe0000-0000-4000-8000-000000000001"
    at = round(time.time() * 1000)
    place = {"meeting_id": "live-meeting", "session_id": session_id}
    joined = {"type": "peer_joined", "participant": {"display_name": "Zoë Live"}}
    tell(
        server,
        [
            {"type": "session_opened", "id": "1", "at": at, "title": "Going on", **place},
            {**joined, "id": "2", "at": at, "peer_id": "peer-live", **place},
        ],
    )
    row = page.locator(f"tr[data-session='{session_id}']")
    expect(row).to_contain_text("Going on", timeout=10_000)
    expect(row).to_contain_text("Live")
    expect(row).to_contain_text("Zoë Live", timeout=10_000)

    tell(server, [{"type": "session_closed", "id": "3", "at": at + 1, **place}])
    expect(row.locator(".live-mark")).to_have_count(0, timeout=10_000)
    expect(row).to_be_visible()
    assert page.evaluate("window.loadedOnce") is True


def test_filters_live_in_the_address(server: Server, page: Page) -> None:
    page.goto("/sessions")
    page.get_by_role("button", name="Bad only").click()
    expect(page).to_have_url(re.compile(r"bad=true"))
    expect(page.locator(ROW)).to_have_count(ask(server, "calls?bad=true")["total"])
    bad = ids_of(page)
    assert bad == [call["id"] for call in ask(server, "calls?bad=true")["items"]]

    page.reload()
    expect(page.locator(ROW)).to_have_count(len(bad))
    expect(page.get_by_role("button", name="Bad only")).to_have_attribute("aria-pressed", "true")

    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    lines = Path(download.value.path()).read_text().splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == bad

    page.get_by_role("link", name="Clear all filters").click()
    expect(page.locator(ROW)).to_have_count(50)
    page.go_back()
    expect(page.locator(ROW)).to_have_count(len(bad))


def test_search_finds_at_once_and_keys_lead_through_the_rows(server: Server, page: Page) -> None:
    page.goto("/sessions")
    expect(page.locator(ROW)).to_have_count(50)
    page.keyboard.press("/")
    page.keyboard.type("grace nov")
    expect(page).to_have_url(re.compile(r"search=grace"))
    wanted = ask(server, "calls?search=grace%20nov")
    expect(page.get_by_text(f"{wanted['total']} sessions")).to_be_visible()
    expect(page.locator(".list:not(.stale)")).to_be_visible()
    assert ids_of(page) == [call["id"] for call in wanted["items"]]

    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"/sessions/{wanted['items'][1]['id']}"))


def test_paging_keeps_its_place(page: Page) -> None:
    page.goto("/sessions")
    expect(page.locator(ROW)).to_have_count(50)
    first = ids_of(page)
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text(re.compile("Page 2 of"))).to_be_visible()
    expect(page.locator(f"tr[data-session='{first[0]}']")).to_have_count(0)
    second = ids_of(page)
    assert not set(first) & set(second)

    page.locator(ROW).nth(30).scroll_into_view_if_needed()
    scrolled = page.evaluate("scrollY")
    page.locator(ROW).nth(30).locator(".row-link").click()
    expect(page.get_by_role("link", name="All of this meeting")).to_be_visible()
    page.go_back()
    expect(page.locator(ROW)).to_have_count(50)
    assert ids_of(page) == second
    page.wait_for_function("(y) => Math.abs(scrollY - y) < 3", arg=scrolled)
    page.get_by_role("button", name="Previous").click()
    expect(page.locator(f"tr[data-session='{first[0]}']")).to_be_visible()
    assert ids_of(page) == first


def ids_of(page: Page) -> list[str]:
    ids: list[str] = page.locator(ROW).evaluate_all("rows => rows.map(r => r.dataset.session)")
    return ids


def test_one_cursor_points_into_all_lanes(server: Server, page: Page) -> None:
    told = ask(server, f"calls/{SDK_SESSION}")
    page.goto(f"/sessions/{SDK_SESSION}")
    slider = page.get_by_role("slider", name="Moment")
    expect(slider).to_be_visible()
    for bucket in (told["buckets"] // 3, told["buckets"] // 2):
        at = told["from_at"] + bucket * told["bucket_ms"]
        slider.focus()
        page.keyboard.press("Home")
        for _ in range(bucket // 10):
            page.keyboard.press("Shift+ArrowRight")
        for _ in range(bucket % 10):
            page.keyboard.press("ArrowRight")
        expect(page).to_have_url(re.compile(f"at={at}"))
        local = datetime.fromtimestamp(at / 1000, ZONE).strftime("%H:%M:%S")
        expect(page.locator(".ruler .cursor-time")).to_have_text(local)
        for lane in told["lanes"]:
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
    told = ask(server, path)
    streams = [stream for stream in told["streams"] if len(stream["t"]) > 20]
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


def test_a_recorded_call_is_shown_as_it_was(server: Server, page: Page) -> None:
    session_id = recorded.replay(server)
    wait_until_folded(server, session_id)
    told = ask(server, f"calls/{session_id}")
    page.goto(f"/sessions/{session_id}")
    settle(page)
    for lane in told["lanes"]:
        reading = page.locator(f"[data-reading='{lane['participant_id']}']").inner_text()
        for mos in (lane["p10_mos_audio"], lane["p10_mos_video"]):
            assert ("–" if mos is None else f"{mos:.1f}") in reading
    for lane in told["lanes"]:
        page.goto(f"/sessions/{session_id}/peers/{lane['participant_id']}")
        settle(page)
        series = ask(server, f"calls/{session_id}/peers/{lane['participant_id']}/series")
        keys = page.locator("[data-stream]").evaluate_all("all => all.map(e => e.dataset.stream)")
        assert sorted(keys) == sorted(stream["key"] for stream in series["streams"])
        for stream in series["streams"]:
            page.locator(f"[data-stream='{stream['key']}']").click()
            bitrate = page.locator("[data-measure='bitrate_bps']")
            expect(bitrate).to_have_attribute("data-points", str(len(stream["bitrate_bps"])))
        for pair in series["candidate_pairs"]:
            expect(page.locator(".facts")).to_contain_text(pair["sentence"])


def test_what_users_wrote_stays_text(server: Server, page: Page) -> None:
    person = ask(server, f"calls/{HOSTILE_SESSION}")["lanes"][0]["person"]
    page.goto("/sessions?meeting_id=hostile-meeting")
    expect(page.locator(ROW).first).to_contain_text(hostile.TITLE)
    expect(page.locator(ROW).first).to_contain_text(hostile.NAMES[0])

    page.goto(f"/sessions/{HOSTILE_SESSION}")
    expect(page.get_by_role("heading", name=hostile.TITLE)).to_be_visible()
    for name in hostile.NAMES:
        expect(page.get_by_role("link", name=name, exact=True).first).to_be_visible()
    for tab in ("Chat", "Transcript"):
        page.get_by_role("tab", name=tab).click()
        expect(page.locator(".said-text").first).to_have_text(hostile.TEXT)
    page.get_by_role("tab", name="Summary").click()
    page.get_by_role("tab", name="Events").click()
    expect(page.locator(".windowed-row").first).to_be_visible()
    page.get_by_role("button", name="Raw JSON").click()
    expect(page.locator(".raw pre")).to_contain_text("<svg onload")
    page.keyboard.press("Escape")

    page.get_by_role("link", name=hostile.NAMES[0], exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(hostile.NAMES[0])
    page.goto(f"/people/{person}")
    expect(page.get_by_role("heading", level=1)).to_have_text(hostile.NAMES[0])
    page.goto("/people?search=owned")
    expect(page.locator(".row-link").first).to_contain_text("owned")
    page.goto("/overview")
    expect(page.get_by_role("link", name=hostile.TITLE).first).to_be_visible()
    assert page.evaluate("window.owned") is None
    assert (
        page.locator("#root iframe, #root script, #root img[src='x'], #root svg[onload]").count()
        == 0
    )


def all_pages(server: Server) -> list[str]:
    person = ask(server, f"calls/{SDK_SESSION}")["lanes"][0]["person"]
    return [
        "/sessions",
        f"/sessions/{SDK_SESSION}",
        f"/sessions/{SDK_SESSION}/peers/{SDK_SESSION}",
        "/people",
        f"/people/{person}",
        "/overview",
        *(f"/settings?section={name}" for name in ("apps", "tokens", "jobs", "server")),
    ]


def settle(page: Page) -> None:
    """Waits until nothing is loading any more."""
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator(".skeleton")).to_have_count(0)
    expect(page.locator(".chart:not(:has(canvas))")).to_have_count(0)


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(server: Server, page: Page, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    source = AXE.read_text()
    for address in all_pages(server):
        page.goto(address)
        settle(page)
        page.evaluate(source)
        assert violations(page) == [], address


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed")
def test_axe_finds_nothing_in_what_opens(server: Server, page: Page) -> None:
    source = AXE.read_text()
    page.goto("/sessions?bad=true&country=DE")
    settle(page)
    page.evaluate(source)
    for opener in ("Any time", "Filters · 1"):
        page.get_by_role("button", name=opener).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        if opener == "Any time":
            page.get_by_role("button", name="Yesterday").click()
        assert violations(page) == [], opener
        page.keyboard.press("Escape")
    page.goto(f"/sessions/{SDK_SESSION}")
    settle(page)
    page.evaluate(source)
    for tab in ("Chat", "Transcript", "Summary", "Events"):
        page.get_by_role("tab", name=tab).click()
        assert violations(page) == [], tab
    for opener in ("Downloads", "Copy as", "Raw JSON"):
        page.get_by_role("button", name=opener).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        assert violations(page) == [], opener
        page.keyboard.press("Escape")


def violations(page: Page) -> list[str]:
    """What axe, which was loaded before, has to say against the page as it is."""
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{violation['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for violation in found["violations"]
        for node in violation["nodes"][:3]
    ]


def test_nothing_is_wider_than_a_phone(server: Server, narrow_page: Page) -> None:
    for address in all_pages(server):
        narrow_page.goto(address)
        settle(narrow_page)
        beyond = narrow_page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert beyond <= 0, address


def test_a_name_a_weekday_and_an_hour_lead_to_the_diagnosis_in_four_clicks(
    server: Server, page: Page
) -> None:
    told = ask(server, f"calls/{SDK_SESSION}")
    finding = told["diagnosis"][0]
    name = finding["participant_name"]
    # What the caller at the support desk says: "I am …, it was on … around …".
    began = datetime.fromtimestamp(told["call"]["started_at"] / 1000, ZONE)
    weekday, hour = began.weekday(), began.hour
    page.goto("/sessions")
    expect(page.get_by_text("10,00")).to_be_visible()
    clicks = 0

    page.keyboard.press("/")
    page.keyboard.type(name)
    page.get_by_role("button", name="Any time").click()
    clicks += 1
    today = datetime.fromtimestamp(time.time(), ZONE).weekday()
    page.get_by_role("group", name="Day").get_by_role("button").nth((today - weekday) % 7).click()
    clicks += 1
    page.get_by_role("button", name=f"Around {hour}:00", exact=True).click()
    clicks += 1
    expect(page.locator(".list:not(.stale)")).to_be_visible()
    expect(page.locator(ROW)).to_have_count(1)
    page.locator(ROW).first.click()
    clicks += 1

    sentence = page.locator(".finding-sentence").first
    expect(sentence).to_be_visible()
    assert sentence.get_attribute("title") == finding["sentence"]
    shown = sentence.inner_text()
    first_at = datetime.fromtimestamp(finding["first_at"] / 1000, ZONE)
    assert first_at.strftime("%H:%M:%S") in shown
    assert "UTC" not in shown
    assert clicks <= 4


def test_a_read_only_visitor_is_offered_nothing_to_change(
    server: Server, chromium: Browser
) -> None:
    made = httpx.post(
        f"{server.url}/v1/tokens",
        content=json.dumps({"name": "looker", "role": "read", "app_id": None}),
        headers={**server.headers, "content-type": "application/json"},
    )
    secret = made.raise_for_status().json()["data"]["secret"]
    context = chromium.new_context(base_url=server.url)
    assert context.request.post("/v1/sign-in", data={"token": secret}).ok
    page = context.new_page()
    page.goto("/settings")
    expect(page.get_by_text("read only")).to_be_visible()
    expect(page.get_by_role("button", name="Make an app")).to_have_count(0)
    page.goto("/settings?section=tokens")
    expect(page.get_by_text("Only an admin may see this.")).to_be_visible()
    context.close()


def test_a_token_is_shown_once_and_can_be_revoked(page: Page) -> None:
    page.goto("/settings?section=tokens")
    page.get_by_label("Name of the new token").fill("for the importer")
    page.get_by_role("button", name="Make a token").click()
    expect(page.locator(".secret code")).to_have_text(re.compile(r"^ac_"))
    page.reload()
    row = page.get_by_role("row").filter(has_text="for the importer")
    expect(row).to_be_visible()
    expect(page.locator(".secret")).to_have_count(0)
    page.on("dialog", lambda dialog: dialog.accept())
    row.get_by_role("button", name="Revoke").click()
    expect(row).to_contain_text("Revoked")
