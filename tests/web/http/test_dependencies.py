"""The query of a request, as its handlers are given it."""

import pytest

from aftercall.core.errors import Malformed
from aftercall.web.http.dependencies import parse_query


@pytest.mark.parametrize(
    ("text", "query"),
    [
        (b"", {}),
        (b"a=1&b=2&a=3", {"a": ["1", "3"], "b": ["2"]}),
        (b"a=&b", {"a": [""], "b": [""]}),
        (b"a=x%20y+z%26", {"a": ["x y z&"]}),
        (b"name=Caf%C3%A9", {"name": ["Caf\u00e9"]}),
        (b"name=%ff", {"name": ["\ufffd"]}),
    ],
)
def test_each_parameter_has_all_its_values(text: bytes, query: dict[str, list[str]]) -> None:
    assert parse_query(text) == query


def test_a_hundred_parameters_are_parsed_and_more_are_refused() -> None:
    assert parse_query(b"&".join([b"a=1"] * 100)) == {"a": ["1"] * 100}
    with pytest.raises(Malformed) as refused:
        parse_query(b"&".join([b"a=1"] * 101))
    assert refused.value.code == "bad_query"
