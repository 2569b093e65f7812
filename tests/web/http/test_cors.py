import pytest

from aftercall.web.http.cors import Cors

HERE = {b"origin": b"https://calls.example"}
ELSEWHERE = {b"origin": b"https://other.example"}


@pytest.mark.parametrize("headers", [HERE, ELSEWHERE])
def test_a_star_allows_every_origin_and_says_the_same_to_all(headers: dict[bytes, bytes]) -> None:
    answer = dict(Cors("*").answer(headers))
    assert answer[b"access-control-allow-origin"] == b"*"
    assert b"vary" not in answer


def test_an_origin_of_the_list_is_allowed_by_its_name() -> None:
    cors = Cors("https://first.example, https://calls.example ,")
    answer = dict(cors.answer(HERE))
    assert answer[b"access-control-allow-origin"] == b"https://calls.example"
    # A cache must not give this answer to a page of another origin.
    assert answer[b"vary"] == b"origin"


def test_a_page_may_read_how_long_to_wait() -> None:
    answer = dict(Cors("*").answer(HERE))
    assert b"retry-after" in answer[b"access-control-expose-headers"]


@pytest.mark.parametrize("allowed", ["https://calls.example", "https://other.example.org", "", ","])
def test_an_origin_that_is_not_in_the_list_is_allowed_nothing(allowed: str) -> None:
    assert Cors(allowed).answer(ELSEWHERE) == [(b"vary", b"origin")]


def test_a_request_that_no_page_made_gets_no_headers() -> None:
    assert Cors("*").answer({b"host": b"a"}) == []


def test_a_preflight_allows_what_a_collector_sends() -> None:
    answer = dict(Cors("*").preflight(HERE))
    assert answer[b"access-control-allow-origin"] == b"*"
    assert answer[b"access-control-allow-methods"] == b"POST"
    allowed = answer[b"access-control-allow-headers"].split(b", ")
    assert {b"authorization", b"content-type", b"content-encoding"} <= set(allowed)


def test_a_preflight_from_elsewhere_allows_no_origin() -> None:
    answer = Cors("https://calls.example").preflight(ELSEWHERE)
    assert b"access-control-allow-origin" not in dict(answer)
