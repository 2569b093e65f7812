from random import Random

from aftercall.simulator.people import draw


def test_the_people_of_a_call_differ_in_name_and_id() -> None:
    people = draw(60, Random(1))
    assert len({person.name for person in people}) == 60
    assert len({person.custom_id for person in people}) == 60


def test_more_people_than_names_are_still_found() -> None:
    assert len(draw(700, Random(2))) == 700


def test_a_description_tells_the_machine_and_the_network() -> None:
    (person,) = draw(1, Random(3))
    reported = person.description()
    assert reported["device"]["os"]
    assert reported["browser"]["user_agent"].startswith("Mozilla/5.0 (")
    assert reported["network"]["ip"]
