import pytest

from aftercall.core.events import ENDPOINT_PREFIX
from aftercall.ingest.jitsi.rooms import (
    endpoint_of,
    endpoint_user_id,
    meeting_id_from,
    room_of_page,
    title_of,
)


@pytest.mark.parametrize(
    ("jid", "endpoint"),
    [
        ("ABCD1234-2222-4333-8444-555555555555@guest.meet.example.org/x", "abcd1234"),
        ("abcd1234@meet.example.org/y", "abcd1234"),
        ("u-ada@meet.example.org/abcd1234", None),
        ("abcd123@meet.example.org", None),
        ("abcdefgh-2222@meet.example.org", None),
        ("@meet.example.org", None),
        ("", None),
    ],
)
def test_the_endpoint_is_the_beginning_of_a_guests_jid(jid: str, endpoint: str | None) -> None:
    assert endpoint_of(jid) == endpoint


def test_the_user_of_an_endpoint_is_another_in_every_app() -> None:
    one, other = endpoint_user_id("a", "abcd1234"), endpoint_user_id("b", "abcd1234")
    assert one != other and one.startswith(ENDPOINT_PREFIX)


def test_a_room_has_the_same_meeting_with_and_without_its_domain() -> None:
    assert meeting_id_from("a", "daily@conference.example.org") == meeting_id_from("a", "daily")
    assert meeting_id_from("a", "[tenant]daily") != "[tenant]daily"


@pytest.mark.parametrize(
    ("conference", "address", "name"),
    [
        ("daily@conference.acme.meet.example.org", "meet.example.org/acme/daily", "[acme]daily"),
        (
            "daily@conference.acme.meet.example.org",
            "https://meet.example.org:8443/a",
            "[acme]daily",
        ),
        ("daily@conference.acme.jitsi.internal", "meet.example.org/acme/daily", "[acme]daily"),
        ("daily@conference.acme.meet.example.org", "acme.meet.example.org/daily", "daily"),
        ("daily@conference.meet.example.org", "meet.example.org/daily", "daily"),
        ("daily@conference.meet.example.org", "meet.example.org/meet/daily", "daily"),
        ("daily@conference.meet.example.org", None, "daily"),
        ("daily@conference", "meet.example.org/acme/daily", "daily"),
        ("daily", "meet.example.org/acme/daily", "daily"),
        ("[acme]daily@conference.meet.example.org", "meet.example.org/acme/daily", "[acme]daily"),
        ("@conference.acme.meet.example.org", "meet.example.org/acme/x", ""),
    ],
)
def test_a_tenants_page_is_in_the_room_that_prosody_reports(
    conference: str, address: str | None, name: str
) -> None:
    assert room_of_page(conference, address).partition("@")[0] == name


def test_rooms_of_one_name_in_two_tenants_are_two_meetings() -> None:
    ids = {meeting_id_from("a", room) for room in ("[acme]daily", "[beta]daily", "daily")}
    assert len(ids) == 3
    assert title_of("[acme]daily@conference.example.org") == "acme/daily"
    assert title_of("daily@conference.example.org") == "daily"
    assert title_of("[acme]") == "[acme]"
