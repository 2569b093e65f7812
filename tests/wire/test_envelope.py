import msgspec
import pytest

from aftercall.core.list_queries import Page
from aftercall.wire.envelope import encode_answer, encode_error, encode_paging


def _json(body: object) -> object:
    return msgspec.json.decode(msgspec.json.encode(body))


def test_an_answer_has_its_data_twice_with_the_alias() -> None:
    assert _json(encode_answer({"id": "a"}, has_alias=True)) == {
        "success": True,
        "data": {"id": "a"},
        "result": {"id": "a"},
        "errors": [],
        "messages": [],
    }


def test_an_answer_without_the_alias_has_no_result() -> None:
    answer = _json(encode_answer([1], has_alias=False))
    assert answer == {"success": True, "data": [1], "errors": [], "messages": []}


@pytest.mark.parametrize(
    ("offset", "count", "expected"),
    [(0, 30, (30, 1, 30)), (25, 5, (30, 26, 30)), (50, 0, (30, 0, 0)), (0, 1, (30, 1, 1))],
)
def test_paging_counts_from_one_and_an_empty_page_has_no_offsets(
    offset: int, count: int, expected: tuple[int, int, int]
) -> None:
    paging = encode_paging(Page(items=[0] * count, offset=offset, total=30))
    assert (paging.total_count, paging.start_offset, paging.end_offset) == expected


def test_an_error_has_the_members_of_both_kinds_of_client() -> None:
    body = encode_error(422, '"title" is required', reason="bad_body", field="title")
    assert _json(body) == {
        "success": False,
        "error": {
            "code": 422,
            "message": '"title" is required',
            "reason": "bad_body",
            "field": "title",
        },
        "errors": [
            {"code": 422, "message": '"title" is required', "source": {"pointer": "/title"}}
        ],
        "messages": [],
        "result": None,
    }


@pytest.mark.parametrize(
    ("status", "reason", "code"),
    [
        (401, "token_invalid", 10000),
        (403, "foreign_app", 10000),
        (404, "no_route", 7003),
        (404, "session_not_found", 404),
        (500, "bug", 500),
    ],
)
def test_an_error_has_the_code_of_cloudflares_gateway_if_there_is_one(
    status: int, reason: str, code: int
) -> None:
    assert encode_error(status, "M", reason=reason).errors[0].code == code


def test_an_error_about_unencodable_text_is_encodable() -> None:
    body = encode_error(404, "No meeting found with id \ud800", reason="x", field="\udfff")
    assert b"No meeting found with id ?" in msgspec.json.encode(body)
