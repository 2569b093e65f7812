"""Browser and device from a user agent string, for clients that did not describe them."""

from functools import lru_cache
from typing import Any

from ua_parser import parse

_ENGINES = (
    ("Gecko/", "Gecko"),
    ("Chrome/", "Blink"),
    ("AppleWebKit/", "WebKit"),
)
_MOBILE_OS = frozenset({"Android", "iOS", "Windows Phone", "Tizen", "KaiOS"})


@lru_cache(maxsize=4_096)
def _read(user_agent: str) -> tuple[tuple[str, str, Any], ...]:
    """(`group`, `member`, value) triples in the words of the collect protocol's `describe`."""
    found: list[tuple[str, str, Any]] = []
    result = parse(user_agent)
    if (browser := result.user_agent) is not None:
        found.append(("browser", "name", browser.family))
        version = [part for part in (browser.major, browser.minor, browser.patch) if part]
        if version:
            found.append(("browser", "version", ".".join(version)))
    if (os := result.os) is not None:
        found.append(("device", "os", os.family))
        version = [part for part in (os.major, os.minor, os.patch) if part]
        if version:
            found.append(("device", "os_version", ".".join(version)))
        found.append(("device", "is_mobile", os.family in _MOBILE_OS or "Mobi" in user_agent))
    engine = next((name for mark, name in _ENGINES if mark in user_agent), None)
    if engine is not None:
        found.append(("browser", "engine", engine))
    return tuple(found)


def completed(description: dict[str, Any]) -> dict[str, Any]:
    """A `describe` whose missing browser and device members are filled in from its
    `browser.user_agent`; what the client described itself is never replaced."""
    browser = description.get("browser")
    user_agent = browser.get("user_agent") if isinstance(browser, dict) else None
    if not isinstance(user_agent, str) or not user_agent:
        return description
    filled = dict(description)
    for group, member, value in _read(user_agent[:512]):
        described = filled.get(group)
        members = dict(described) if isinstance(described, dict) else {}
        members.setdefault(member, value)
        filled[group] = members
    return filled
