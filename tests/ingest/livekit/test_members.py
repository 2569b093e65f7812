import pytest

from aftercall.ingest.livekit.members import DISCONNECT_REASONS, enum_name, member, whole_number


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (None, "UNKNOWN_REASON"),
        ("SIGNAL_CLOSE", "SIGNAL_CLOSE"),
        (9, "SIGNAL_CLOSE"),
        ("9", "SIGNAL_CLOSE"),
        (99, "99"),
        ("-1", "-1"),
        ("--1", "--1"),
        ("\u00b2", "\u00b2"),
        ("9" * 40, "9" * 40),
        (True, "UNKNOWN_REASON"),
        (1.5, "UNKNOWN_REASON"),
        ([], "UNKNOWN_REASON"),
    ],
)
def test_an_enum_comes_by_name_or_number_and_anything_else_is_its_zero(
    value: object, name: str
) -> None:
    assert enum_name(value, DISCONNECT_REASONS) == name


def test_members_come_in_either_spelling_and_numbers_as_text() -> None:
    assert member({"joined_at_ms": "5"}, "joinedAtMs") == "5"
    assert whole_number({"departure_timeout": "20"}, "departureTimeout") == 20
    for refused in ("-1", "\u00b2", "1e5", True, -1, 2**63, 1.0):
        assert whole_number({"size": refused}, "size") is None
