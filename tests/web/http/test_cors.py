import pytest

from aftercall.web.http.cors import Cors

HERE = {b"origin": b"https://calls.example"}
ELSEWHERE = {b"origin": b"https://other.example"}


@pytest.mark.parametrize("headers", [HERE, ELSEWHERE])
def test_a_star_allows_every_origin_with_equal_headers(headers: dict[bytes, bytes]) -> None:
    answer = dict(Cors("*").answer(headers))
    assert answer[b"access-control-allow-origin"] == b"*"
    assert b"vary" not in answer


def test_a_listed_origin_is_allowed_by_name() -> None:
    cors = Cors("https://first.example, https://calls.example ,")
    answer = dict(cors.answer(HERE))
    assert answer[b"access-control-allow-origin"] == b"https://calls.example"
    # A cache must not give this answer to a page of another origin.
    assert answer[b"vary"] == b"origin"


def test_a_page_may_read_retry_after() -> None:
    answer = dict(Cors("*").answer(HERE))
    assert b"retry-after" in answer[b"access-control-expose-headers"]


@pytest.mark.parametrize("allowed", ["https://calls.example", "https://other.example.org", "", ","])
def test_an_unlisted_origin_is_not_allowed(allowed: str) -> None:
    assert Cors(allowed).answer(ELSEWHERE) == [(b"vary", b"origin")]


def test_a_request_without_an_origin_gets_no_cors_headers() -> None:
    assert Cors("*").answer({b"host": b"a"}) == []


def test_a_preflight_allows_what_a_collector_sends() -> None:
    answer = dict(Cors("*").preflight(HERE))
    assert answer[b"access-control-allow-origin"] == b"*"
    assert answer[b"access-control-allow-methods"] == b"POST"
    allowed = answer[b"access-control-allow-headers"].split(b", ")
    assert {b"authorization", b"content-type", b"content-encoding"} <= set(allowed)


def test_a_preflight_of_an_unlisted_origin_is_not_allowed() -> None:
    answer = Cors("https://calls.example").preflight(ELSEWHERE)
    assert b"access-control-allow-origin" not in dict(answer)
