"""Only headers of trusted proxies decide where a request came from."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.web.server.proxies import TrustedProxies, read_networks

PROXIES = "loopback, 10.0.0.0/8, 2001:db8:ffff::/48"


async def seen(peer: str | None, *headers: tuple[str, str], kind: str = "http") -> tuple[str, str]:
    """Client and scheme as the application sees them."""
    scope: Any = {
        "type": kind,
        "client": (peer, 5_000) if peer else None,
        "scheme": "ws" if kind == "websocket" else "http",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
    }
    TrustedProxies(read_networks(PROXIES)).look_at(scope)
    client = scope["client"]
    return (client[0] if client else "", scope["scheme"])


@pytest.mark.parametrize("peer", ["203.0.113.7", "::2", "11.0.0.1"])
@pytest.mark.parametrize(
    "header",
    [("x-forwarded-for", "198.51.100.1"), ("forwarded", "for=198.51.100.1;proto=https")],
)
async def test_headers_of_an_untrusted_peer_are_ignored(peer: str, header: tuple[str, str]) -> None:
    assert await seen(peer, header, ("x-forwarded-proto", "https")) == (peer, "http")


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "10.1.2.3", "::ffff:10.1.2.3"])
async def test_headers_of_a_trusted_proxy_are_used(peer: str) -> None:
    assert await seen(
        peer, ("x-forwarded-for", "198.51.100.1"), ("x-forwarded-proto", "https")
    ) == ("198.51.100.1", "https")


@pytest.mark.parametrize(
    ("value", "origin"),
    [
        ("for=198.51.100.1", "198.51.100.1"),
        ('For="[2001:db8::7]:4711";proto=https', "2001:db8::7"),
        ('for="198.51.100.1:80";by=10.0.0.1', "198.51.100.1"),
        ("for=6.6.6.6, for=198.51.100.1, for=10.9.9.9", "198.51.100.1"),
        ("for=6.6.6.6, for=unknown, for=10.9.9.9", "10.9.9.9"),
        ("for=_hidden", "10.0.0.1"),
        ("nonsense", "10.0.0.1"),
        ("", "10.0.0.1"),
    ],
)
async def test_the_nearest_address_that_is_no_proxy_is_the_client(value: str, origin: str) -> None:
    assert (await seen("10.0.0.1", ("forwarded", value)))[0] == origin


async def test_entries_before_the_one_of_the_proxy_are_ignored() -> None:
    chain = "127.0.0.1, 6.6.6.6, 198.51.100.1, 10.4.4.4"
    assert (await seen("10.0.0.1", ("x-forwarded-for", chain)))[0] == "198.51.100.1"
    assert (
        await seen("10.0.0.1", ("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "198.51.100.1"))
    )[0] == "198.51.100.1"


async def test_a_socket_without_an_address_is_not_changed() -> None:
    assert await seen(None, ("x-forwarded-for", "198.51.100.1")) == ("", "http")


async def test_a_web_socket_behind_tls_is_secure() -> None:
    assert await seen("10.0.0.1", ("x-forwarded-proto", "https"), kind="websocket") == (
        "10.0.0.1",
        "wss",
    )


def test_an_invalid_network_setting_is_refused() -> None:
    assert read_networks("") == ()
    with pytest.raises(ValueError, match="somewhere"):
        read_networks("somewhere")


@given(st.text(max_size=200), st.text(max_size=200))
async def test_no_header_value_fails_a_request(one: str, other: str) -> None:
    clean = [text.encode("latin-1", "replace").decode("latin-1") for text in (one, other)]
    client, scheme = await seen("10.0.0.1", ("forwarded", clean[0]), ("x-forwarded-for", clean[1]))
    assert client and scheme in ("http", "https")
