"""Why a connection did not come about."""

from typing import Any

import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.quality.issues import Issue, IssueName
from aftercall.core.quality.rules.connect_rules import connect_issues
from aftercall.core.records import StoredPeerEvent

START = EpochMs(1_795_262_400_000)

Told = tuple[float, str, dict[str, Any]]

OFFER: Told = (0, "local_description", {"connection": "a", "type": "offer"})
OFFERED: Told = (0, "signaling_state", {"connection": "a", "state": "have-local-offer"})
ANSWER: Told = (1, "remote_description", {"connection": "a", "type": "answer"})
HOST: Told = (1, "local_ice_candidate", {"connection": "a", "candidate_type": "host"})
RELAY: Told = (1, "local_ice_candidate", {"connection": "a", "candidate_type": "relay"})
CHECKING: Told = (2, "ice_connection_state", {"connection": "a", "state": "checking"})
FAILED: Told = (17, "ice_connection_state", {"connection": "a", "state": "failed"})
CONNECTED: Told = (3, "ice_connection_state", {"connection": "a", "state": "connected"})
REFUSED: Told = (4, "get_user_media_error", {"error": "NotAllowedError", "device_types": "AUDIO"})
ACCEPTED: Told = (9, "media_permission", {"device_type": "AUDIO", "permission": "ACCEPTED"})
SCREEN: Told = (4, "get_user_media_error", {"device_types": "SCREENSHARE"})


def issues_of(*told: Told, left_s: float | None = 60) -> list[Issue]:
    events = [
        StoredPeerEvent(
            app_id="app",
            id=str(place),
            session_id="s",
            peer_id="p",
            at=EpochMs(START + int(seconds * 1_000)),
            received_at=START,
            name=name,
            data=data,
        )
        for place, (seconds, name, data) in enumerate(told)
    ]
    left_at = None if left_s is None else EpochMs(START + int(left_s * 1_000))
    return connect_issues("p", events, left_at, EpochMs(START + 60_000))


@pytest.mark.parametrize(
    ("told", "names"),
    [
        ([OFFER], [IssueName.NO_ANSWER]),
        ([OFFERED], [IssueName.NO_ANSWER]),
        ([OFFER, HOST], [IssueName.NO_ANSWER]),
        ([OFFER, ANSWER], []),
        ([OFFER, ANSWER, HOST, CHECKING, FAILED], [IssueName.NO_RELAY_CANDIDATE]),
        ([OFFER, ANSWER, HOST, CHECKING], [IssueName.NO_RELAY_CANDIDATE]),
        ([OFFER, ANSWER, HOST, RELAY, CHECKING, FAILED], []),
        ([OFFER, ANSWER, CHECKING, FAILED], []),
        ([OFFER, ANSWER, HOST, CHECKING, CONNECTED, FAILED], []),
        ([OFFER, ANSWER, CONNECTED, OFFER], []),
        ([REFUSED], [IssueName.MEDIA_REFUSED]),
        ([REFUSED, ACCEPTED], []),
        ([SCREEN], []),
    ],
)
def test_the_reason_why_a_connection_did_not_come_about(
    told: list[Told], names: list[IssueName]
) -> None:
    assert [issue.name for issue in issues_of(*told)] == names


def test_an_offer_may_wait_for_its_answer_for_a_while() -> None:
    assert issues_of(OFFER, left_s=9) == []
    (issue,) = issues_of(OFFER, left_s=None)
    assert issue.last_at - issue.first_at == 60_000
