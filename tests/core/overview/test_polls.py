"""Polls, counted from the events of those who answered."""

from typing import Any

from aftercall.core.instants import EpochMs
from aftercall.core.overview.polls import Poll, PollOption, polls_of
from aftercall.core.records import StoredPeerEvent

PEOPLE = {"ada-1": "ada", "ada-2": "ada", "bob-1": "bob"}


def event(at: int, peer_id: str, name: str, **data: Any) -> StoredPeerEvent:
    return StoredPeerEvent(
        app_id="app",
        session_id="call",
        peer_id=peer_id,
        id=f"{peer_id} {at}",
        at=EpochMs(at),
        received_at=EpochMs(at),
        name=name,
        data=data,
    )


def test_a_poll_has_every_option_and_the_votes_of_each() -> None:
    started = event(1, "ada-1", "poll_started", poll="p", question="Lunch?", options=["yes", "no"])
    answers = [
        event(2, "ada-1", "poll_answered", poll="p", chosen=[0]),
        event(3, "bob-1", "poll_answered", poll="p", option="yes"),
    ]
    assert polls_of([*answers, started], PEOPLE) == [
        Poll("p", "Lunch?", EpochMs(1), [PollOption("yes", 2), PollOption("no", 0)], 2)
    ]


def test_a_person_is_counted_once_by_the_last_answer() -> None:
    answers = [
        event(1, "ada-1", "poll_answered", question="Lunch?", option="no"),
        event(2, "ada-2", "poll_answered", question="Lunch?", option="yes"),
    ]
    (poll,) = polls_of(answers, PEOPLE)
    assert (poll.options, poll.answers) == ([PollOption("yes", 1)], 1)


def test_several_choices_of_one_person_are_one_answer() -> None:
    (poll,) = polls_of(
        [event(1, "bob-1", "poll_answered", poll="p", options=["a", "b"], chosen=[0, 1, 0])], PEOPLE
    )
    assert poll.options == [PollOption("a", 1), PollOption("b", 1)]
    assert poll.answers == 1


def test_what_is_no_answer_to_a_poll_is_passed_over() -> None:
    odd = [
        event(1, "bob-1", "poll_answered"),
        event(2, "bob-1", "poll_answered", poll=7, option="x"),
        event(3, "bob-1", "poll_answered", poll="p", options="ab", chosen="x"),
        event(4, "bob-1", "poll_answered", poll="p", chosen=[True, -1, None]),
        event(5, "bob-1", "hand_raised", poll="q"),
    ]
    assert polls_of(odd, PEOPLE) == [Poll("p", "", EpochMs(3), [], 0)]
