from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.ingest.rtcstats.delta import (
    MOST_MEMBERS,
    MOST_OBJECTS,
    NamedDelta,
    NumberedDelta,
    TooManyObjects,
)

MEMBERS = st.dictionaries(st.sampled_from(["packetsLost", "jitter", "kind"]), st.integers())
REPORTS = st.lists(st.dictionaries(st.sampled_from("ABC"), MEMBERS, max_size=3), max_size=6)


def test_numbers_become_names_and_what_is_absent_is_unchanged() -> None:
    decoder = NumberedDelta()
    decoder.decode({"13": {"14": 188, "15": 9, "type": 1, "10": 7}, "t": 1000})
    assert decoder.decode({"13": {"14": 230}, "t": 2000}) == {
        "13": {
            "id": "13",
            "type": "inbound-rtp",
            "timestamp": 2000,
            "ssrc": 7,
            "packetsReceived": 230,
            "packetsLost": 9,
        }
    }


def test_an_object_that_did_not_change_is_in_the_report_at_its_time() -> None:
    decoder = NumberedDelta()
    decoder.decode({"1": {"14": 5, "type": 1}, "2": {"79": 6, "type": 2}, "t": 1000})
    report = decoder.decode({"2": {"79": 7}, "t": 2000})
    assert report["1"]["packetsReceived"] == 5
    assert report["1"]["timestamp"] == 2000


def test_null_removes_an_object() -> None:
    decoder = NumberedDelta()
    decoder.decode({"13": {"14": 188, "type": 1}, "t": 1000})
    assert decoder.decode({"13": None, "t": 3000}) == {}


def test_objects_within_an_object_change_by_their_members() -> None:
    decoder = NumberedDelta()
    decoder.decode({"1": {"96": {"cpu": 1.0, "none": 2.0}, "type": 2}, "t": 1000})
    report = decoder.decode({"1": {"96": {"cpu": 3.0}}, "t": 2000})
    assert report["1"]["qualityLimitationDurations"] == {"cpu": 3.0, "none": 2.0}


def test_an_object_keeps_a_time_of_its_own() -> None:
    decoder = NumberedDelta()
    report = decoder.decode({"1": {"75": 0.1, "type": 3, "t": 900}, "t": 1000})
    assert report["1"]["timestamp"] == 900


def test_a_report_does_not_change_when_the_next_one_comes() -> None:
    decoder = NumberedDelta()
    first = decoder.decode({"1": {"14": 1, "type": 1}, "t": 1000})
    decoder.decode({"1": {"14": 2}, "t": 2000})
    assert first["1"]["packetsReceived"] == 1


def test_unknown_numbers_stay_as_they_are() -> None:
    report = NumberedDelta().decode({"1": {"9999": 1, "type": 77, "new": 2}, "t": 1})
    assert report["1"] == {"9999": 1, "type": 77, "new": 2, "id": "1", "timestamp": 1}


def test_in_jitsis_form_an_absent_object_is_gone() -> None:
    decoder = NamedDelta()
    decoder.decode({"A": {"timestamp": 1000, "type": "inbound-rtp", "jitter": 0.1}, "B": {}})
    assert decoder.decode({"A": {"timestamp": 0, "packetsReceived": 9}, "timestamp": 2000}) == {
        "A": {
            "id": "A",
            "type": "inbound-rtp",
            "timestamp": 2000,
            "jitter": 0.1,
            "packetsReceived": 9,
        }
    }


@pytest.mark.parametrize("decoder", [NumberedDelta(), NamedDelta()])
def test_a_flood_of_objects_is_refused(decoder: NumberedDelta | NamedDelta) -> None:
    flood: dict[str, Any] = {str(number): {"type": 1} for number in range(MOST_OBJECTS + 1)}
    with pytest.raises(TooManyObjects):
        decoder.decode(flood)


@given(REPORTS)
def test_reports_written_as_differences_are_decoded_whole(reports: list[dict[str, Any]]) -> None:
    numbered, named = NumberedDelta(), NamedDelta()
    before: dict[str, Any] = {}
    for time, report in enumerate(reports, start=1):
        changes = {
            id: {m: v for m, v in members.items() if before.get(id, {}).get(m) != v}
            for id, members in report.items()
        }
        gone = dict.fromkeys(before.keys() - report.keys())
        # A member that goes cannot be written in either form: it stays.
        report = {id: {**before.get(id, {}), **members} for id, members in report.items()}
        expected = {id: {**members, "id": id, "timestamp": time} for id, members in report.items()}
        assert numbered.decode({**changes, **gone, "t": time}) == expected
        timed = {id: {**members, "timestamp": 0} for id, members in changes.items()}
        assert named.decode({**timed, "timestamp": time}) == expected
        before = report


@pytest.mark.parametrize("decoder", [NamedDelta(), NumberedDelta()])
def test_members_that_pile_up_in_one_object_are_refused(
    decoder: NamedDelta | NumberedDelta,
) -> None:
    with pytest.raises(TooManyObjects):
        for number in range(MOST_MEMBERS + 1):
            decoder.decode({"A": {f"member {number}": number}})
