"""The sign-in cookie, and how a request by cookie proves that a page of ours made it."""

from typing import Any

import pytest

from aftercall.core.errors import Refused
from aftercall.core.instants import EpochMs
from aftercall.core.records import Role
from aftercall.service.accounts.sign_in import SignedIn
from aftercall.service.accounts.tokens import Grant
from aftercall.settings import Settings
from aftercall.web.http.cookies import (
    check_forgery,
    check_origin,
    clear_cookie,
    is_secure,
    read_cookie,
    write_cookie,
)

NOW = EpochMs(1_795_000_000_000)
GRANT = Grant(account_id="account", app_id=None, role=Role.ADMIN, token_id="token")
SIGNED_IN = SignedIn(secret="secret", grant=GRANT, expires_at=EpochMs(NOW + 90_999))
OWN = {"host": "calls.example", "origin": "https://calls.example"}


@pytest.mark.parametrize(
    ("header", "secret"),
    [
        ("aftercall_session=secret", "secret"),
        ("a=b; aftercall_session=secret; c=d", "secret"),
        ('aftercall_session="secret"', "secret"),
        ("aftercall_session=", None),
        ("other=secret", None),
        ("", None),
        ("aftercall_session", None),
    ],
)
def test_the_secret_is_found_among_other_cookies(header: str, secret: str | None) -> None:
    assert read_cookie({"cookie": header}) == secret


def test_without_a_cookie_there_is_no_secret() -> None:
    assert read_cookie({}) is None


@pytest.mark.parametrize("over_https", [False, True])
def test_the_cookie_expires_with_the_sign_in_and_is_http_only(over_https: bool) -> None:
    name, *attributes = write_cookie(SIGNED_IN, now=NOW, is_secure=over_https).split("; ")
    assert name == "aftercall_session=secret"
    assert {"Path=/", "Max-Age=90", "HttpOnly", "SameSite=Strict"} <= set(attributes)
    assert ("Secure" in attributes) is over_https


def test_a_cookie_of_an_expired_sign_in_has_max_age_zero() -> None:
    written = write_cookie(SIGNED_IN, now=EpochMs(NOW + 200_000), is_secure=False)
    assert "Max-Age=0;" in written


def test_a_cleared_cookie_is_empty_and_expired() -> None:
    assert clear_cookie(is_secure=False).startswith("aftercall_session=; Path=/; Max-Age=0;")


@pytest.mark.parametrize(
    ("scheme", "public_url", "secure"),
    [
        ("http", "", False),
        ("https", "", True),
        ("http", "https://calls.example", True),
        ("http", "http://calls.example", False),
    ],
)
def test_a_cookie_is_secure_if_the_public_address_is_https(
    scheme: str, public_url: str, secure: bool
) -> None:
    assert is_secure(scheme, Settings(public_url=public_url)) is secure


@pytest.mark.parametrize(
    "headers",
    [
        {},
        OWN,
        OWN | {"sec-fetch-site": "same-origin"},
        {"host": "calls.example", "sec-fetch-site": "none"},
        {"host": "10.0.0.7:8787", "origin": "https://public.example"},
    ],
)
def test_pages_of_our_own_origin_are_accepted(headers: dict[str, str]) -> None:
    check_origin(headers, Settings(public_url="https://public.example"))


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "calls.example", "origin": "https://evil.example"},
        {"host": "calls.example", "origin": "https://calls.example.evil.example"},
        {"host": "calls.example", "origin": "https://calls.example:8443"},
        {"host": "calls.example", "origin": "null"},
        {"host": "calls.example", "origin": ""},
        {"host": "calls.example", "origin": "https://[calls.example"},
        {"origin": "https://calls.example"},
        OWN | {"sec-fetch-site": "cross-site"},
        OWN | {"sec-fetch-site": "same-site"},
    ],
)
def test_pages_of_another_origin_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(Refused) as refused:
        check_origin(headers, Settings())
    assert refused.value.code == "csrf_failed"


def forgery(method: str, **headers: str) -> None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    check_forgery(method, OWN | named, SIGNED_IN, Settings())


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_safe_methods_need_no_csrf_token(method: str) -> None:
    forgery(method)
    forgery(method, origin="https://evil.example")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_unsafe_methods_need_the_csrf_token_of_the_cookie(method: str) -> None:
    forgery(method, x_csrf_token=SIGNED_IN.csrf)
    wrong: Any
    for wrong in ({}, {"x_csrf_token": ""}, {"x_csrf_token": "secret"}, {"x_csrf_token": "\ud800"}):
        with pytest.raises(Refused):
            forgery(method, **wrong)
    with pytest.raises(Refused):
        forgery(method, x_csrf_token=SIGNED_IN.csrf, origin="https://evil.example")
