"""The query of the dashboard's list: each parameter, its bounds, and the refusal by its name."""

from typing import Any

import pytest

from aftercall.core.errors import Malformed
from aftercall.core.instants import DAY_MS
from aftercall.core.list_queries import Cursor, SearchScope, SessionOrder, SessionQuery
from aftercall.web.dashboard.queries import (
    CALL_PARAMETERS,
    read_call_query,
    read_range,
    read_wanted,
)
from aftercall.wire.cursors import encode_cursor

DAY = 1_795_219_200_000
"""2026-11-21T00:00:00Z."""


def read(**values: str) -> SessionQuery:
    query = {name.removesuffix("_"): [value] for name, value in values.items()}
    return read_call_query(query, app_id="app")


def test_the_default_query_is_the_newest_fifty_sessions() -> None:
    assert read() == SessionQuery(
        app_id="app",
        scope=SearchScope.PARTICIPANTS,
        order=SessionOrder.CREATED_AT,
        is_descending=True,
        limit=50,
    )


CURSOR = Cursor(1.5, "s1", True)


@pytest.mark.parametrize(
    ("values", "member", "value"),
    [
        ({"status": "live"}, "is_live", True),
        ({"status": "ENDED"}, "is_live", False),
        ({"meeting_id": "m1"}, "meeting_id", "m1"),
        ({"search": "  ann "}, "search", "ann"),
        ({"participants": "3:"}, "min_participants", 3),
        ({"participants": ":9"}, "max_participants", 9),
        ({"bad": "true"}, "facets", ("bad",)),
        ({"bad": "0"}, "facets", ()),
        ({"issue": "high_rtt"}, "facets", ("issue:high_rtt",)),
        (
            {"browser": "Firefox", "relay": "tls", "bad": "1"},
            "facets",
            ("browser:Firefox", "relay:tls", "bad"),
        ),
        ({"sort": "minutes"}, "order", SessionOrder.MINUTES_CONSUMED),
        ({"sort": "quality"}, "order", SessionOrder.QUALITY),
        ({"order": "asc"}, "is_descending", False),
        ({"limit": "200"}, "limit", 200),
        ({"limit": "20", "page": "4"}, "offset", 60),
        ({"cursor": encode_cursor(CURSOR)}, "cursor", CURSOR),
        ({"from_": "2026-11-21"}, "created_from", DAY),
        ({"to": "2026-11-21"}, "created_to", DAY + DAY_MS - 1),
        ({"to": "2026-11-21T00:00:00Z"}, "created_to", DAY),
    ],
)
def test_each_parameter_sets_a_member_of_the_query(
    values: dict[str, Any], member: str, value: Any
) -> None:
    assert getattr(read(**values), member) == value


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"status": "gone"}, "status"),
        ({"issue": "no_such_issue"}, "issue"),
        ({"participants": "9:3"}, "participants"),
        ({"bad": "maybe"}, "bad"),
        ({"sort": "name"}, "sort"),
        ({"order": "up"}, "order"),
        ({"limit": "0"}, "limit"),
        ({"limit": "201"}, "limit"),
        ({"page": "0"}, "page"),
        ({"page": "2", "cursor": encode_cursor(CURSOR)}, "page"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"cursor": "x" * 600}, "cursor"),
        ({"browser": "x" * 65}, "browser"),
        ({"meeting_id": "x" * 65}, "meeting_id"),
        ({"from_": "yesterday"}, "from"),
        ({"to": "2026-13-01"}, "to"),
        ({"from_": "2026-11-22", "to": "2026-11-21"}, "from"),
    ],
)
def test_an_invalid_value_is_refused_by_parameter_name(values: dict[str, str], field: str) -> None:
    with pytest.raises(Malformed) as refused:
        read(**values)
    assert refused.value.field == field


def test_a_range_of_one_day_includes_the_whole_day() -> None:
    query = {"from": ["2026-11-21"], "to": ["2026-11-21"]}
    assert read_range(query) == (DAY, DAY + DAY_MS - 1)
    assert read_range({}) == (None, None)


@pytest.mark.parametrize(("points", "is_taken"), [("1", False), ("600", True), ("999999", False)])
def test_the_number_of_chart_points_is_limited(points: str, is_taken: bool) -> None:
    if is_taken:
        assert read_wanted({"points": [points]}).points == int(points)
        return
    with pytest.raises(Malformed) as refused:
        read_wanted({"points": [points]})
    assert refused.value.field == "points"


def test_every_parameter_is_declared_once_with_its_schema() -> None:
    names = [parameter.name for parameter in CALL_PARAMETERS]
    assert len(names) == len(set(names))
    for parameter in CALL_PARAMETERS:
        assert parameter.about.endswith(".") and "type" in parameter.schema()
