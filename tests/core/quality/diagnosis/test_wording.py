import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.quality.diagnosis.wording import (
    Mentions,
    People,
    format_amount,
    format_duration,
    format_outages,
    format_spans,
    join_words,
)
from aftercall.core.spans import Span

NOON = 1_795_262_400_000


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (0, "0 s"),
        (8_600, "9 s"),
        (60_000, "1 min"),
        (210_000, "3 min 30 s"),
        (3_900_000, "1 h 5 min"),
    ],
)
def test_a_duration_is_written_in_two_units_at_most(ms: int, words: str) -> None:
    assert format_duration(ms) == words


def _spans(*seconds: tuple[float, float]) -> list[Span]:
    return [(EpochMs(NOON + int(a * 1_000)), EpochMs(NOON + int(b * 1_000))) for a, b in seconds]


def test_a_time_is_written_in_utc() -> None:
    assert format_spans(_spans((0, 61))) == "from 12:00:00 to 12:01:01 UTC"
    assert format_spans(_spans((0, 0.4))) == "at 12:00:00 UTC"


def test_a_few_times_are_listed_and_many_are_counted() -> None:
    few = _spans((0, 61), (100, 100), (200, 230))
    assert format_spans(few) == (
        "from 12:00:00 to 12:01:01, at 12:01:40 and from 12:03:20 to 12:03:50 UTC"
    )
    assert format_spans([*few, *_spans((300, 330))]) == (
        "4 times between 12:00:00 and 12:05:30 UTC, 2 min 1 s in all"
    )


def test_a_list_ends_with_and() -> None:
    assert [join_words(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


def test_an_amount_has_a_decimal_only_when_small() -> None:
    assert [format_amount(value, "%") for value in (0.44, 2.0, 9.96, 12.4, 100)] == [
        "0.4 %",
        "2 %",
        "10 %",
        "12 %",
        "100 %",
    ]
    assert format_amount(12.3, "frames/s") == "12 frames a second"


def test_outages_have_durations_and_many_are_counted() -> None:
    assert format_outages(_spans((0, 10), (60, 60.4))) == "for 10 s at 12:00:00 and at 12:01:00 UTC"
    assert format_outages(_spans((0, 10), (60, 70), (120, 130), (180, 190))) == (
        "4 times, for 40 s in all, first at 12:00:00 UTC"
    )


def _mentioned(names: dict[str, str], *participant_ids: str) -> list[str]:
    mentions = Mentions(People(names))
    return [mentions.name(participant_id) for participant_id in participant_ids]


def test_a_participant_is_named_in_full_first_and_then_by_first_name() -> None:
    names = {"a": "Ann Lee", "b": "Bob Ross"}
    assert _mentioned(names, "a", "a", "b", "a") == ["Ann Lee", "Ann", "Bob Ross", "Ann"]


def test_a_first_name_of_two_participants_is_not_used() -> None:
    names = {"a": "Ann Lee", "b": "ann Smith"}
    assert _mentioned(names, "a", "a") == ["Ann Lee", "Ann Lee"]


@pytest.mark.parametrize("name", ["J. Doe", "Dr. No", "X Æ", "4 Ears", "Zoë"])
def test_a_title_or_initial_is_not_used_as_first_name(name: str) -> None:
    assert _mentioned({"a": name}, "a", "a") == [name, name]


def test_names_are_one_line_and_never_empty() -> None:
    assert _mentioned({"a": "Ann\n\tLee", "b": " \n"}, "a", "b", "b", "nobody") == [
        "Ann Lee",
        "a person without a name",
        "a person without a name",
        "nobody",
    ]


def test_many_participants_are_counted_and_not_named() -> None:
    mentions = Mentions(People({name: name.capitalize() for name in ("ada", "bob", "cyd", "dan")}))
    assert mentions.join_names(["cyd", "ada", "cyd"]) == "Ada and Cyd"
    assert mentions.join_names(["ada", "bob", "cyd", "dan"]) == "4 people"
