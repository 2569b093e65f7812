"""A participant's page: the verdict, the worst stream first, the moment and the way back."""

from playwright.sync_api import Page, expect

from tests.acceptance.dashboard.browser_harness import MARKS, read, wait_until_loaded
from tests.acceptance.seeded_session import SDK_SESSION
from tests.acceptance.server import Server

pytestmark = MARKS
PEER = f"/sessions/{SDK_SESSION}/peers/{SDK_SESSION}"
SERIES = f"calls/{SDK_SESSION}/peers/{SDK_SESSION}/series?points=800"


def words(text: str) -> str:
    """Without what the page sets otherwise: spaces and apostrophes."""
    return " ".join(text.replace("’", "'").split())


def test_the_page_opens_with_the_verdict_on_the_worst_stream(server: Server, page: Page) -> None:
    reported = read(server, f"{SERIES}&stream=worst")
    verdict = reported["verdict"]
    page.goto(PEER)
    wait_until_loaded(page)
    sentence = "".join(part["text"] for part in [*verdict["who"], *verdict["what"]])
    shown = words(page.locator(".answer-sentence").inner_text())
    assert words(sentence) and shown.startswith(words(sentence))
    advice = "".join(part["text"] for part in verdict["advice"])
    assert words(advice) in words(page.locator(".answer-do").inner_text())
    chosen = page.locator("[data-stream][aria-pressed='true']")
    assert chosen.get_attribute("data-stream") == reported["chosen"]
    (drawn,) = [each for each in reported["streams"] if each["t"]]
    figure = page.locator("[data-measure='mos']")
    expect(figure).to_have_attribute("data-points", str(len(drawn["mos"])))


def test_only_the_shown_stream_is_read_and_its_other_end_is_drawn_over_it(
    server: Server, page: Page
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(PEER)
    wait_until_loaded(page)
    expect(page.locator(".reading-there").first).to_be_visible()
    series = [url for url in asked if "/series?" in url]
    assert series and all("stream=" in url for url in series)
    for row in page.locator("[data-stream]").all():
        key = row.get_attribute("data-stream")
        row.click()
        expect(row).to_have_attribute("aria-pressed", "true")
        stream = next(
            each for each in read(server, f"{SERIES}&stream={key}")["streams"] if each["t"]
        )
        bitrate = page.locator("[data-measure='bitrate_bps']")
        expect(bitrate).to_have_attribute("data-points", str(len(stream["bitrate_bps"])))


def test_the_moment_goes_along_to_the_other_end_and_back_to_the_session(
    server: Server, page: Page
) -> None:
    at = read(server, f"{SERIES}&stream=worst")["from_at"] + 90_000
    page.goto(f"{PEER}?at={at}&tz=UTC")
    wait_until_loaded(page)
    page.get_by_role("link", name="’s end").click()
    wait_until_loaded(page)
    assert f"at={at}" in page.url and "stream=" in page.url and "tz=UTC" in page.url
    assert SDK_SESSION not in page.url.split("/peers/")[1]
    expect(page.locator(".cursor-time")).to_be_visible()
    page.locator(".crumbs a").last.click()
    wait_until_loaded(page)
    assert f"/sessions/{SDK_SESSION}?" in page.url
    assert f"at={at}" in page.url and "tz=UTC" in page.url


def test_the_keys_move_the_moment_and_let_it_go(server: Server, page: Page) -> None:
    page.goto(PEER)
    wait_until_loaded(page)
    axis = page.get_by_role("slider", name="Moment")
    axis.focus()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowRight")
    reported = read(server, f"{SERIES}&stream=worst")
    length = reported["to_at"] - reported["from_at"]
    moment = int(page.evaluate("new URL(location.href).searchParams.get('at')"))
    assert abs(moment - reported["from_at"] - 11 * length / 200) < 5
    assert axis.get_attribute("aria-valuenow") == str(round((moment - reported["from_at"]) / 1000))
    page.keyboard.press("Escape")
    assert "at=" not in page.url


def test_how_the_connection_came_about_and_the_broken_hop_are_in_words(
    server: Server, page: Page
) -> None:
    page.goto(PEER)
    wait_until_loaded(page)
    facts = page.get_by_role("complementary", name="Facts")
    expect(facts.get_by_text("connected after")).to_be_visible()
    expect(facts.locator(".peer-path li")).to_have_count(5)
    expect(facts.locator(".peer-path li.broken")).to_have_count(1)
    events = facts.get_by_text("Camera on").first
    expect(events).to_be_hidden()
    facts.get_by_text("All facts and events").click()
    expect(events).to_be_visible()


def test_the_page_prints_without_its_frame(server: Server, page: Page) -> None:
    page.goto(PEER)
    wait_until_loaded(page)
    page.emulate_media(media="print")
    expect(page.locator(".answer-sentence")).to_be_visible()
    expect(page.locator(".top")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
