"""Minutes are the union of stays; sums are sums of rows; a name alone makes no two people one."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.instants import MINUTE_MS, EpochMs
from aftercall.core.overview.attendance import (
    AttendanceCounter,
    Presence,
    attendances_of,
    gathering_of,
    sum_of,
)
from aftercall.core.records import Participant
from aftercall.core.spans import Span

BEGIN = EpochMs(1_795_262_400_000)


def minute(minutes: float) -> EpochMs:
    return EpochMs(BEGIN + round(minutes * MINUTE_MS))


def presence(
    id: str, *stays: tuple[float, float], talk: list[tuple[float, float]] | None = None, **rest: Any
) -> Presence:
    spans = [(minute(start), minute(end)) for start, end in stays]
    values: dict[str, Any] = {
        "user_id": id,
        "display_name": id.title(),
        "joined_at": min((start for start, _ in spans), default=BEGIN),
        "left_at": max((end for _, end in spans), default=BEGIN),
    }
    participant = Participant(
        app_id="app", session_id="s", id=id, created_at=BEGIN, updated_at=BEGIN, **(values | rest)
    )
    spoken = None if talk is None else [(minute(start), minute(end)) for start, end in talk]
    return Presence(participant, spans, spoken)


def test_two_tabs_of_one_participant_count_once() -> None:
    [row] = attendances_of("app", [presence("ada", (0, 10), (5, 12))])
    assert (row.stay_count, row.present_ms) == (1, 12 * MINUTE_MS)


def test_who_comes_back_is_one_row_with_two_stays() -> None:
    back = presence("later", (6, 9), user_id="ada", display_name="Ada")
    [row] = attendances_of("app", [presence("ada", (0, 4)), back])
    assert (row.stay_count, row.present_ms, row.namesakes) == (2, 7 * MINUTE_MS, 1)
    assert (row.joined_at, row.left_at) == (minute(0), minute(9))


def test_two_user_ids_of_one_custom_id_are_united() -> None:
    rows = attendances_of(
        "app",
        [
            presence("phone", (0, 10), custom_participant_id="c-1"),
            presence("laptop", (8, 20), custom_participant_id="c-1"),
        ],
    )
    [row] = rows
    assert (row.stay_count, row.present_ms, row.namesakes) == (1, 20 * MINUTE_MS, 1)
    assert row.participant_ids == ("phone", "laptop")


def test_namesakes_at_the_same_time_are_different_people() -> None:
    guests = [presence(f"g{each}", (0, 10), display_name="Guest") for each in range(3)]
    later = presence("g9", (11, 12), display_name="Guest")
    rows = attendances_of("app", [*guests, later])
    assert len(rows) == 3
    assert {row.namesakes for row in rows} == {3}
    assert sum(row.present_ms for row in rows) == 31 * MINUTE_MS


def test_namesakes_of_one_session_are_added_up_as_one_name() -> None:
    guests = [presence(f"g{each}", (0, 10), display_name="Guest") for each in range(3)]
    counter = AttendanceCounter()
    counter.add_session(attendances_of("app", guests))
    counter.add_session(attendances_of("app", guests[:1]))
    [row] = counter.attendances()
    assert (row.sessions, row.present_ms, row.namesakes) == (2, 40 * MINUTE_MS, 3)


def test_hidden_participants_are_left_out() -> None:
    assert attendances_of("app", [presence("recorder", (0, 10), is_hidden=True)]) == []


def test_talk_counts_within_the_presence_only() -> None:
    [row] = attendances_of("app", [presence("ada", (1, 10), talk=[(0, 2), (1.5, 3), (9, 11)])])
    assert row.talk_ms == 3 * MINUTE_MS
    [silent] = attendances_of("app", [presence("ada", (1, 10), talk=[])])
    [unknown] = attendances_of("app", [presence("ada", (1, 10))])
    assert (silent.talk_ms, unknown.talk_ms) == (0, None)


def test_who_is_present_has_no_end_and_an_inferred_end_is_that_of_the_last_stay() -> None:
    present = presence("ada", (6, 9), left_at=None, user_id="u")
    left = presence("old", (0, 5), user_id="u", display_name="Ada", left_is_inferred=True)
    [row] = attendances_of("app", [left, present])
    assert (row.left_at, row.left_is_inferred) == (None, False)
    [inferred] = attendances_of("app", [left])
    assert (inferred.left_at, inferred.left_is_inferred) == (minute(5), True)


def test_the_most_at_once_are_counted_with_the_first_time_they_were() -> None:
    rows = attendances_of(
        "app", [presence("a", (0, 10)), presence("b", (2, 10)), presence("c", (4, 6), (8, 9))]
    )
    found = gathering_of(rows)
    assert found is not None
    assert (found.most_at_once, found.most_from_at, found.most_to_at) == (3, minute(4), minute(6))
    assert found.all_the_time == 1


def test_who_relieves_another_was_not_there_with_that_one() -> None:
    found = gathering_of(attendances_of("app", [presence("a", (0, 5)), presence("b", (5, 9))]))
    assert found is not None
    assert found.most_at_once == 1
    assert gathering_of([]) is None


def test_names_are_those_of_the_latest_session() -> None:
    counter = AttendanceCounter()
    late = presence("u1", (20, 30), custom_participant_id="c", display_name="New name")
    early = presence("u0", (0, 10), custom_participant_id="c", display_name="Old name")
    for each in (late, early):
        counter.add_session(attendances_of("app", [each]))
    [row] = counter.attendances()
    assert (row.name, row.joined_at, row.left_at) == ("New name", minute(0), minute(30))
    assert (row.sessions, row.stay_count, row.present_ms) == (2, 2, 20 * MINUTE_MS)


spans = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 30)).map(lambda s: (s[0], s[0] + s[1])),
    min_size=1,
    max_size=5,
)
everybody = st.lists(
    st.tuples(spans, st.sampled_from([None, "c-1", "c-2"]), st.sampled_from(["Guest", "Ada"])),
    max_size=6,
)


def built(drawn: list[Any]) -> list[Presence]:
    return [
        presence(f"u{number}", *stays, custom_participant_id=custom, display_name=name)
        for number, (stays, custom, name) in enumerate(drawn)
    ]


def present_at(stays: list[Span], at: int) -> bool:
    return any(start <= at < end for start, end in stays)


@given(everybody)
def test_minutes_are_the_instants_at_which_somebody_was_there(drawn: list[Any]) -> None:
    presences = built(drawn)
    stays_of = {each.participant.id: list(each.stays) for each in presences}
    for row in attendances_of("app", presences):
        own = [stay for id in row.participant_ids for stay in stays_of[id]]
        instants = range(BEGIN, minute(100), MINUTE_MS)
        assert row.present_ms == MINUTE_MS * sum(present_at(own, at) for at in instants)
        assert all(one[1] < other[0] for one, other in zip(row.stays, row.stays[1:], strict=False))


@given(everybody)
def test_every_participant_is_in_one_row(drawn: list[Any]) -> None:
    presences = built(drawn)
    ids = [id for row in attendances_of("app", presences) for id in row.participant_ids]
    assert sorted(ids) == sorted(each.participant.id for each in presences)


@given(everybody, st.randoms(use_true_random=False))
def test_the_order_in_which_presences_are_read_changes_nothing(
    drawn: list[Any], random: Any
) -> None:
    presences = built(drawn)
    shuffled = list(presences)
    random.shuffle(shuffled)
    one, other = attendances_of("app", presences), attendances_of("app", shuffled)
    assert sum_of(one) == sum_of(other)
    assert [row.present_ms for row in one if row.custom_participant_id] == [
        row.present_ms for row in other if row.custom_participant_id
    ]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_person_has_the_names_of_the_latest_session(order: tuple[int, ...]) -> None:
    ada: dict[str, Any] = {"custom_participant_id": "c-1"}
    sessions = [
        attendances_of(
            "app", [presence(f"u{day}", (day, day + 1), display_name=f"Day {day}", **ada)]
        )
        for day in range(3)
    ]
    counter = AttendanceCounter()
    for place in order:
        counter.add_session(sessions[place])
    (row,) = counter.attendances()
    assert row.name == "Day 2"
    assert row.joined_at == sessions[0][0].joined_at


@given(st.lists(everybody, max_size=4), st.randoms(use_true_random=False))
def test_the_sum_over_sessions_is_the_sum_of_the_sessions(drawn: list[Any], random: Any) -> None:
    sessions = [attendances_of("app", built(each)) for each in drawn]
    counter = AttendanceCounter()
    for each in sessions:
        counter.add_session(each)
    total, sums = sum_of(counter.attendances()), [sum_of(each) for each in sessions]
    assert total.present_ms == sum(each.present_ms for each in sums)
    assert total.stay_count == sum(each.stay_count for each in sums)
    shuffled = AttendanceCounter()
    for each in random.sample(sessions, len(sessions)):
        shuffled.add_session(each)
    assert shuffled.attendances() == counter.attendances()


def test_a_participant_without_a_peer_was_there_for_no_time() -> None:
    [row] = attendances_of("app", [presence("ada")])
    assert (row.stay_count, row.present_ms) == (0, 0)
