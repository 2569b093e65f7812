from typing import Any

import pytest

from aftercall.ingest.user_agent import completed

CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/130.0.0.0 Safari/537.36"
)
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
)


@pytest.mark.parametrize(
    ("user_agent", "browser", "engine", "os", "is_mobile"),
    [
        (CHROME, "Chrome", "Blink", "Linux", False),
        (FIREFOX, "Firefox", "Gecko", "Windows", False),
        (SAFARI, "Mobile Safari", "WebKit", "iOS", True),
    ],
)
def test_a_user_agent_gives_browser_and_device(
    user_agent: str, browser: str, engine: str, os: str, is_mobile: bool
) -> None:
    reported = completed({"browser": {"user_agent": user_agent}})
    assert (reported["browser"]["name"], reported["browser"]["engine"]) == (browser, engine)
    assert (reported["device"]["os"], reported["device"]["is_mobile"]) == (os, is_mobile)


def test_members_sent_by_the_client_are_never_replaced() -> None:
    stated = {"browser": {"user_agent": CHROME, "name": "Brave"}, "device": {"os": "Debian"}}
    reported = completed(stated)
    assert (reported["browser"]["name"], reported["device"]["os"]) == ("Brave", "Debian")
    assert reported["browser"]["version"].startswith("130")
    assert stated == {
        "browser": {"user_agent": CHROME, "name": "Brave"},
        "device": {"os": "Debian"},
    }


@pytest.mark.parametrize(
    "stated", [{}, {"browser": {}}, {"browser": "x"}, {"browser": {"user_agent": ""}}, {"sdk": {}}]
)
def test_without_a_user_agent_nothing_is_added(stated: dict[str, Any]) -> None:
    assert completed(stated) == stated


def test_an_unknown_user_agent_gives_no_false_values() -> None:
    reported = completed({"browser": {"user_agent": "gibberish"}})
    assert reported.get("device", {}).get("os") in (None, "Other")
    assert "version" not in reported["browser"]
