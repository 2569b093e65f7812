"""Whose lines are whose, and when."""

from typing import Any

import pytest

from aftercall.core.errors import Malformed
from aftercall.core.instants import HOUR_MS, EpochMs
from aftercall.core.records import Peer, Phase, Session
from aftercall.core.uploaded_transcript import (
    Speakers,
    TranscriptFormat,
    UploadedLine,
    UploadedTranscript,
    folded_name,
    id_prefix_of,
    line_of,
    place,
)

START, END = EpochMs(1_795_262_400_000), EpochMs(1_795_262_400_000 + HOUR_MS)
SESSION = Session(
    app_id="app",
    id="call",
    meeting_id="m",
    title="",
    phase=Phase.ENDED,
    created_at=START,
    started_at=START,
    ended_at=END,
    updated_at=END,
    touched_at=END,
)


def peer(id: str, **members: Any) -> Peer:
    values: dict[str, Any] = {
        "app_id": "app",
        "session_id": "call",
        "meeting_id": "m",
        "id": id,
        "participant_id": id,
        "source": "events",
        "interval_ms": 0,
        "first_heard_at": START,
        "last_heard_at": END,
        "last_received_at": END,
        "created_at": START,
        "updated_at": START,
    }
    return Peer(**(values | members))


def line(**members: Any) -> UploadedLine:
    values: dict[str, Any] = {"number": 7, "start_ms": 1_000, "end_ms": 2_000, "text": "Hello"}
    return UploadedLine(**(values | members))


PEOPLE = (
    peer("p1", user_id="u1", custom_participant_id="crm-1", display_name="Ana Sá"),
    peer("p2", user_id="u2", custom_participant_id="crm-2", display_name="Ben"),
    peer("p3", user_id="u3", custom_participant_id="crm-3", display_name="Ben"),
)


@pytest.mark.parametrize(
    ("members", "found"),
    [
        ({"custom_participant_id": "crm-1"}, "p1"),
        ({"peer_id": "p2"}, "p2"),
        ({"user_id": "u3"}, "p3"),
        ({"speaker": "crm-1"}, "p1"),
        ({"speaker": "u2"}, "p2"),
        ({"speaker": "p3"}, "p3"),
        ({"speaker": "  ana\u200b  SA\u0301 "}, "p1"),
        ({"speaker": "Ben"}, None),
        ({"speaker": "Eve"}, None),
        ({"speaker": ""}, None),
        ({"speaker": "\u200b\u202e"}, None),
        ({"peer_id": "of another session", "speaker": "Ana Sá"}, "p1"),
        ({"custom_participant_id": "crm-9", "speaker": "Ana Sá"}, None),
        ({"custom_participant_id": "crm-2", "speaker": "Ana Sá"}, "p2"),
    ],
)
def test_a_speaker_is_found_by_ids_and_then_by_name(
    members: dict[str, str], found: str | None
) -> None:
    match = Speakers(PEOPLE).find(line(**members), START)
    assert (None if match is None else match.id) == found


def test_of_a_person_who_came_back_the_peer_is_found_that_was_there() -> None:
    first = peer("a", display_name="Ana", left_at=EpochMs(START + 10))
    second = peer("b", participant_id="a", display_name="Ana", first_heard_at=EpochMs(START + 20))
    speakers = Speakers([second, first])
    found = [speakers.find(line(speaker="Ana"), EpochMs(START + at)) for at in (-5, 5, 15, 25)]
    assert [each and each.id for each in found] == ["b", "a", "a", "b"]


def test_names_that_look_alike_are_one() -> None:
    assert folded_name("Ａna\u00a0 B\u200d.") == folded_name("ana b.")
    assert folded_name("\u200b \u2060") == ""


def test_a_line_of_somebody_unknown_keeps_name_and_ids() -> None:
    stored = line_of(
        SESSION,
        line(speaker="Eve", custom_participant_id="crm-9", peer_id="elsewhere"),
        None,
        id="x",
        start_at=START,
        end_at=END,
    )
    assert (stored.display_name, stored.custom_participant_id) == ("Eve", "crm-9")
    assert (stored.peer_id, stored.user_id) == (None, None)


@pytest.mark.parametrize(
    ("speaker", "name"), [("crm-1", "Ana Sá"), ("\u200b", "Ana Sá"), ("", "Ana Sá"), ("ANA", "ANA")]
)
def test_an_id_or_nothing_visible_in_the_place_of_a_name_is_replaced_by_it(
    speaker: str, name: str
) -> None:
    stored = line_of(SESSION, line(speaker=speaker), PEOPLE[0], id="x", start_at=START, end_at=END)
    assert stored.display_name == name
    assert (stored.peer_id, stored.user_id, stored.custom_participant_id) == ("p1", "u1", "crm-1")


def transcript(*lines: UploadedLine, has_dates: bool = False) -> UploadedTranscript:
    return UploadedTranscript(
        format=TranscriptFormat.SRT, digest="d" * 64, lines=lines, has_dates=has_dates
    )


def test_times_count_from_the_session_or_are_dates() -> None:
    [(_, start, end)] = place(transcript(line()), SESSION, offset_ms=500)
    assert (start - START, end - START) == (1_500, 2_500)
    dated = line(start_ms=START - 5, end_ms=START + 5)
    [(_, start, end)] = place(transcript(dated, has_dates=True), SESSION, offset_ms=500)
    assert (start, end) == (START, START + 5)


@pytest.mark.parametrize("start_ms", [2 * HOUR_MS + 1, 10**15])
def test_a_line_far_from_the_call_is_refused_with_its_number(start_ms: int) -> None:
    with pytest.raises(Malformed, match=r"^Line 7: ") as refused:
        place(transcript(line(start_ms=start_ms, end_ms=start_ms)), SESSION, offset_ms=0)
    assert refused.value.code == "line_outside_call"


def test_a_line_that_goes_on_after_the_call_ends_with_it() -> None:
    [(_, _, end)] = place(transcript(line(end_ms=10**15)), SESSION, offset_ms=0)
    assert end == END + HOUR_MS


def test_another_file_or_another_beginning_has_other_ids() -> None:
    prefixes = {id_prefix_of("a" * 64, 0), id_prefix_of("b" * 64, 0), id_prefix_of("a" * 64, 1)}
    assert len(prefixes) == 3
