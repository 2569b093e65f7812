from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from aftercall.simulator.dialogue import MEETINGS, Meeting, spread


@given(st.sampled_from(MEETINGS), st.floats(0, 100), st.floats(10, 7_200), st.integers(0, 1_000))
def test_lines_are_in_order_within_their_time_and_do_not_overlap(
    meeting: Meeting, start_s: float, length_s: float, seed: int
) -> None:
    end_s = start_s + length_s
    stated = spread(meeting, start_s=start_s, end_s=end_s, random=Random(seed))
    assert all(start_s <= u.at_s and u.end_s <= end_s for u in stated)
    spoken = [u for u in stated if not u.line.is_chat]
    assert all(a.end_s <= b.at_s for a, b in pairwise(spoken))
    assert [u.line for u in stated] == list(meeting.lines[: len(stated)])


def test_every_meeting_has_chat_and_speech_of_several_people() -> None:
    for meeting in MEETINGS:
        assert {line.is_chat for line in meeting.lines} == {True, False}
        assert len({line.speaker for line in meeting.lines}) >= 2
        assert all(line.text for line in meeting.lines)


def test_a_long_call_has_room_for_every_line() -> None:
    for meeting in MEETINGS:
        stated = spread(meeting, start_s=0, end_s=600, random=Random(1))
        assert len(stated) == len(meeting.lines)
