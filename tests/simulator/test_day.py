from collections import Counter

import pytest

from aftercall.simulator import day
from aftercall.simulator.form import Form
from aftercall.simulator.network_conditions import Kind

DAY_S = 86_400


@pytest.mark.parametrize("seed", [1, 2, 77])
def test_a_day_has_a_crowd_slides_audio_calls_and_meshes(seed: int) -> None:
    today = [call for call in day.plan(seed) if call.ended_ago_s < DAY_S]
    forms = Counter(call.form for call in today)
    assert set(forms) == set(Form)
    assert max(len(call.persons) for call in today) == 60
    assert forms[Form.MEETING] > len(today) / 2


def test_a_seed_always_plans_the_same_day() -> None:
    assert day.plan(4) == day.plan(4)
    assert day.plan(4) != day.plan(5)


def test_nobody_is_twice_in_a_call_and_everybody_has_some_weather() -> None:
    for call in day.plan(1):
        assert len({person.custom_id for person in call.persons}) == len(call.persons)
        assert len(call.kinds) == len(call.persons)


@pytest.mark.parametrize("seed", range(5))
def test_most_people_have_no_trouble_and_each_trouble_is_there(seed: int) -> None:
    kinds = Counter(kind for call in day.plan(seed) for kind in call.kinds)
    assert set(kinds) == set(Kind)
    assert kinds[Kind.GOOD] / kinds.total() > 0.8


def test_people_meet_again_on_other_days() -> None:
    calls = Counter(person.custom_id for call in day.plan(1) for person in call.persons)
    assert sum(count >= 3 for count in calls.values()) > len(calls) / 2


def test_the_days_before_have_calls_each() -> None:
    days = Counter(int(call.ended_ago_s // DAY_S) for call in day.plan(1))
    assert sorted(days) == list(range(14))


def test_of_the_calls_that_go_on_every_third_has_somebody_with_trouble() -> None:
    calls = [day.live(1, number) for number in range(12)]
    troubled = [any(kind is not Kind.GOOD for kind in call.kinds) for call in calls]
    assert troubled == [number % 3 == 0 for number in range(12)]
