"""What the calls of a session are counted and found by. A call is one person in one session."""

from collections.abc import Sequence
from typing import Final

from aftercall.core.overview.digest import Digest, Environment
from aftercall.core.overview.session_summary import (
    FACET_ALL,
    MOST_FACETS,
    CallFacets,
    DigestedParticipant,
    FacetCount,
    facet,
    person_of,
)
from aftercall.core.records import Participant, Session

FACET_MEASURED: Final = "measured"
"""What calls are found by that have an overall level."""

MOST_CALLS: Final = 4_096
"""Calls of a session that are counted and found; chosen."""

DIMENSIONS: Final = (
    "browser",
    "browser_version",
    "os",
    "provider",
    "country",
    "region",
    "network",
    "relay",
    "client_version",
    "app_version",
    "issue",
)
"""The kinds of facets that calls are broken down by."""

OF_ADDRESSES: Final = ("provider", "region")
"""Those that were derived from an address; a country is too coarse to be one."""

_OF_ENVIRONMENT: Final = tuple(name for name in DIMENSIONS if name != "issue")


def calls_of(digested: Sequence[DigestedParticipant]) -> list[CallFacets]:
    """The calls of a session, in the order of its participants. Hidden ones have none."""
    shown = [each for each in digested if not each[0].is_hidden]
    return [_call_of(participant, digest) for participant, digest in shown[:MOST_CALLS]]


def facets_of(session: Session, calls: Sequence[CallFacets]) -> dict[str, FacetCount]:
    """The facets of a session, with the measured and the bad calls of each."""
    found: dict[str, list[int]] = {FACET_ALL: [0, 0], facet("meeting", session.meeting_id): [0, 0]}
    always = list(found)
    for call in calls:
        for each in (*always, *sorted(call.facets)):
            counts = found.setdefault(each, [0, 0])
            counts[0] += call.is_judged
            counts[1] += call.is_bad
    return {name: FacetCount(*counts) for name, counts in list(found.items())[:MOST_FACETS]}


def environment_facets(where: Environment) -> set[str]:
    """The facets of where a call was made from."""
    return {facet(kind, value) for kind in _OF_ENVIRONMENT if (value := getattr(where, kind))}


def _call_of(participant: Participant, digest: Digest) -> CallFacets:
    own = environment_facets(digest.where)
    own |= {facet("issue", issue.name.value) for issue in digest.issues}
    own.add(facet("person", person_of(participant.app_id, participant)))
    return CallFacets(frozenset(own), digest.is_judged, digest.is_bad)
