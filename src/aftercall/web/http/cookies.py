"""The cookies of a sign-in and of a read link, and how a request by cookie shows that it was not
forged.

A browser sends the cookie with whatever page makes it ask. `SameSite=Strict` keeps other sites'
requests without it; for those who do not know the attribute, a request that changes something
must carry what only a page of ours can have read, and must not come from elsewhere.
"""

from collections.abc import Mapping
from hmac import compare_digest
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import quote, urlsplit

from aftercall.core.errors import Refused
from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.service.accounts.sign_in import SignedIn
from aftercall.settings import Settings

COOKIE: Final = "aftercall_session"
LINK_COOKIE: Final = "aftercall_read_link"
LINK_HEADER: Final = "x-read-link"
"""A request that has it is one with the cookie of a read link and nothing else. No form and no link
of another site can send it."""

CSRF_HEADER: Final = "x-csrf-token"
SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
_OWN_SITE: Final = frozenset({"same-origin", "none"})


def read_cookie(headers: Mapping[str, str]) -> str | None:
    """The secret of the sign-in cookie, if one was sent."""
    return _value_of(headers, COOKIE)


def read_link_cookie(headers: Mapping[str, str]) -> str | None:
    """The code in the cookie of a read link, if one was sent."""
    return _value_of(headers, LINK_COOKIE)


def is_by_link(headers: Mapping[str, str]) -> bool:
    """Whether a request wants to be answered as one with a read link."""
    return LINK_HEADER in headers


def _value_of(headers: Mapping[str, str], name: str) -> str | None:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return None
    return found.value if found is not None and found.value else None


def write_cookie(signed_in: SignedIn, *, now: EpochMs, is_secure: bool) -> str:
    """The `Set-Cookie` of a sign-in."""
    life_s = max(0, signed_in.expires_at - now) // SECOND_MS
    return _cookie(COOKIE, signed_in.secret, "/", life_s, is_secure=is_secure)


def write_link_cookie(code: str, path: str, *, life_ms: int, is_secure: bool) -> str:
    """The `Set-Cookie` of a read link, which the browser sends to addresses below `path` alone."""
    return _cookie(LINK_COOKIE, code, quote(path), life_ms // SECOND_MS, is_secure=is_secure)


def clear_cookie(*, is_secure: bool) -> str:
    """The `Set-Cookie` that makes the browser forget it."""
    return _cookie(COOKIE, "", "/", 0, is_secure=is_secure)


def _cookie(name: str, value: str, path: str, life_s: int, *, is_secure: bool) -> str:
    secure = "; Secure" if is_secure else ""
    return f"{name}={value}; Path={path}; Max-Age={life_s}; HttpOnly; SameSite=Strict{secure}"


def is_secure(scheme: str, settings: Settings) -> bool:
    """Whether the outside world reaches us over HTTPS."""
    return scheme == "https" or settings.public_url.startswith("https://")


def check_origin(headers: Mapping[str, str], settings: Settings) -> None:
    """Raises `Refused` for a request that a page of another origin made."""
    if headers.get("sec-fetch-site", "same-origin") not in _OWN_SITE:
        raise _forged()
    origin = headers.get("origin")
    if origin is None:
        return
    try:
        asking = urlsplit(origin).netloc
        own = {headers.get("host", ""), urlsplit(settings.public_url).netloc} - {""}
    except ValueError:
        raise _forged() from None
    if asking not in own:
        raise _forged()


def check_forgery(
    method: str, headers: Mapping[str, str], signed_in: SignedIn, settings: Settings
) -> None:
    """Raises `Refused` for a request by cookie that changes something, unless a page of ours
    made it."""
    if method in SAFE_METHODS:
        return
    check_origin(headers, settings)
    sent = headers.get(CSRF_HEADER, "").encode("utf-8", "replace")
    if not compare_digest(sent, signed_in.csrf.encode()):
        raise _forged()


def _forged() -> Refused:
    return Refused(
        "A request by cookie must come from our own pages and carry their X-CSRF-Token",
        code="csrf_failed",
    )
