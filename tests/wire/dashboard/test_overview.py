import msgspec
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.overview.day_facts import (
    DIMENSIONS,
    DayFacts,
    FacetFacts,
    MeetingFacts,
    OverviewFacts,
)
from aftercall.wire.dashboard.overview import Filter, encode_overview

TWENTIETH = 20_777
"""2026-11-20, in days since 1970."""

_COUNTS = st.integers(0, 1_000)


@st.composite
def _days(draw: st.DrawFn) -> list[DayFacts]:
    numbers = st.tuples(_COUNTS, st.floats(0, 1e4).map(lambda m: round(m, 4)), *[_COUNTS] * 5)
    found = draw(st.lists(numbers, min_size=1, max_size=5))
    return [DayFacts(TWENTIETH + place, *each) for place, each in enumerate(found)]


@given(_days(), _COUNTS)
def test_the_totals_are_the_sums_of_the_days_but_people_count_once(
    days: list[DayFacts], people: int
) -> None:
    found = encode_overview(OverviewFacts(days, people, [], dict.fromkeys(DIMENSIONS, ())))
    totals = found.totals
    assert totals.people == people
    assert totals.minutes == round(sum(day.minutes for day in days), 4)
    for name in ("sessions", "participants", "measured_participants", "bad_participants"):
        assert getattr(totals, name) == sum(getattr(day, name) for day in days)
    assert totals.bad_sessions == sum(day.bad_sessions for day in days)
    assert (found.from_day, found.to_day) == (found.days[0].day, found.days[-1].day)


def test_each_number_has_the_filter_of_the_list_behind_it() -> None:
    days = [DayFacts(TWENTIETH + n, 1, 0.5, 2, 2, 2, 1, 1) for n in range(2)]
    breakdowns = {name: [FacetFacts(f"a {name}", 1, 1, 2, 1)] for name in DIMENSIONS}
    meeting = MeetingFacts("m", "Standup", 2, 1, 4, 2)
    found = encode_overview(OverviewFacts(days, 2, [meeting], breakdowns))
    span: Filter = {"from": "2026-11-20", "to": "2026-11-21"}
    assert [day.filter for day in found.days] == [
        {"from": name, "to": name} for name in ("2026-11-20", "2026-11-21")
    ]
    assert found.totals.filter == span
    assert found.worst_meetings[0].filter == span | {"meeting_id": "m"}
    for name in DIMENSIONS:
        (row,) = getattr(found.breakdowns, name)
        assert (row.value, row.filter) == (f"a {name}", span | {name: f"a {name}"})


def test_the_members_have_the_names_of_the_page() -> None:
    day = DayFacts(TWENTIETH, 5, 120.5, 9, 14, 12, 2, 1)
    meeting = MeetingFacts("m", "Standup", 5, 2, 20, 4)
    rows = {"browser": [FacetFacts("Chrome", 5, 2, 12, 1)]}
    breakdowns = {name: rows.get(name, []) for name in DIMENSIONS}
    body = msgspec.json.encode(encode_overview(OverviewFacts([day], 9, [meeting], breakdowns)))
    filter = b'{"from":"2026-11-20","to":"2026-11-20"%s}'
    sums = (
        b'"sessions":5,"minutes":120.5,"people":9,"participants":14,"measured_participants":12,'
        b'"bad_participants":2,"bad_sessions":1,"filter":' + filter % b""
    )
    assert body == (
        b'{"from":"2026-11-20","to":"2026-11-20","days":[{%s,"day":"2026-11-20"}],"totals":{%s},'
        b'"worst_meetings":[{"meeting_id":"m","title":"Standup","sessions":5,"bad_sessions":2,'
        b'"measured_participants":20,"bad_participants":4,"filter":%s}],'
        b'"breakdowns":{"browser":[{"value":"Chrome","sessions":5,"measured_participants":12,'
        b'"bad_participants":1,"filter":%s}],"os":[],"country":[],"network":[],"relay":[],'
        b'"issue":[]}}'
        % (sums, sums, filter % b',"meeting_id":"m"', filter % b',"browser":"Chrome"')
    )
