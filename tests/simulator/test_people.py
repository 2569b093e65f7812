from random import Random

from aftercall.simulator.people import draw


def test_people_of_a_call_have_distinct_names_and_ids() -> None:
    people = draw(60, Random(1))
    assert len({person.name for person in people}) == 60
    assert len({person.custom_id for person in people}) == 60


def test_more_people_than_names_can_be_drawn() -> None:
    assert len(draw(700, Random(2))) == 700


def test_a_description_has_device_and_network() -> None:
    (person,) = draw(1, Random(3))
    reported = person.description()
    assert reported["device"]["os"]
    assert reported["browser"]["user_agent"].startswith("Mozilla/5.0 (")
    assert reported["network"]["ip"]
