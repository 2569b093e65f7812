"""Without addresses nothing finer than a country is left, and all else is as it was."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.address_removal import (
    data_without_addresses,
    digest_without_addresses,
    event_without_addresses,
    metadata_without_addresses,
)
from aftercall.core.instants import EpochMs
from aftercall.core.overview.digest import digest_of
from aftercall.core.quality.experience.time_scale import scale_of
from aftercall.core.quality.report.fold import fold
from aftercall.core.records import StoredPeerEvent
from tests.completed_calls import recorded

DESCRIPTION = {
    "browser": {"name": "Chrome", "version": "131.0.6778.86"},
    "network": {
        "ip": "203.0.113.77",
        "city": "Lisbon",
        "region": "Lisboa",
        "country": "PT",
        "timezone": "Europe/Lisbon",
        "org": "Example Telecom",
        "effective_type": "4g",
    },
    "log": ["candidate 198.51.100.17:3478", 7, {"peer": "[2001:db8::1]:443"}],
}


def test_a_description_keeps_the_country_and_what_is_no_address() -> None:
    assert data_without_addresses(DESCRIPTION) == {
        "browser": {"name": "Chrome", "version": "131.0.6778.86"},
        "network": {"country": "PT", "effective_type": "4g"},
        "log": ["candidate x:3478", 7, {"peer": "[x]:443"}],
    }


def _event(data: dict[str, Any]) -> StoredPeerEvent:
    return StoredPeerEvent(
        app_id="a",
        session_id="s",
        peer_id="p",
        id="e",
        at=EpochMs(1),
        received_at=EpochMs(1),
        name="describe",
        data=data,
    )


def test_an_event_without_addresses_is_the_same_object() -> None:
    event = _event({"muted": True, "device": {"label": "Built-in"}})
    assert event_without_addresses(event) is event
    assert event_without_addresses(_event(DESCRIPTION)).data == data_without_addresses(DESCRIPTION)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.ip_addresses().map(str),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["ip", "name", "country", "log"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["ip", "network", "log", "country"]), _JSON, max_size=4))
def test_taking_addresses_out_twice_changes_nothing_more(data: dict[str, Any]) -> None:
    once = data_without_addresses(data)
    assert data_without_addresses(once) == once


def test_a_verdict_keeps_all_but_addresses() -> None:
    facts = next(iter(recorded().values()))
    verdict = fold([facts], EpochMs(facts.peer.left_at or 0)).verdict
    metadata = metadata_without_addresses(verdict.metadata)
    assert metadata.browser == verdict.metadata.browser
    pairs = [*metadata.candidate_pairs.producing, *metadata.candidate_pairs.consuming]
    assert pairs
    assert {pair.local_candidate_address for pair in pairs} == {None}
    assert {pair.remote_candidate_address for pair in pairs} == {None}
    assert [pair.bytes_sent for pair in pairs] == [
        pair.bytes_sent
        for pair in (
            *verdict.metadata.candidate_pairs.producing,
            *verdict.metadata.candidate_pairs.consuming,
        )
    ]
    scale = scale_of(facts.peer.first_heard_at, facts.peer.left_at or EpochMs(0))
    digest = digest_of(verdict, scale, [])
    assert digest_without_addresses(digest).city is None
