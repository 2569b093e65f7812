from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.instants import EpochMs
from aftercall.core.quality.stats.fold_metadata import LastSeen, fold_metadata
from aftercall.core.quality.stats.getstats import ConnectionBody, SampleBody, Stats
from aftercall.core.quality.stats.peer_metadata import Application, Device, Metadata
from aftercall.core.quality.stats.report_linker import normalise
from aftercall.core.records import StoredPeerEvent
from tests.core.quality.peer_events import event

MIC = {"device_id": "m1", "kind": "audioinput", "label": "Built-in"}
HEADSET = {"device_id": "m2", "kind": "audioinput", "label": "Headset"}


def _folded(*events: StoredPeerEvent) -> Metadata:
    return fold_metadata(events, LastSeen())


def test_later_members_replace_only_earlier_ones() -> None:
    metadata = _folded(
        event(2, "describe", browser={"version": "131"}, room_view_type="webinar"),
        event(1, "describe", browser={"name": "Chrome", "version": "130"}, sdk={"name": "x"}),
    )
    assert (metadata.browser.name, metadata.browser.version) == ("Chrome", "131")
    assert metadata.sdk.name == "x"
    assert metadata.room_view_type == "webinar"
    assert metadata.browser.webgl is None


def test_the_application_is_what_the_client_names_last() -> None:
    metadata = _folded(
        event(1, "describe", application={"name": "web", "version": "4.11.3"}),
        event(2, "describe", application={"version": "4.12.0"}),
    )
    assert metadata.application == Application(name="web", version="4.12.0")


def test_a_member_of_the_wrong_type_is_ignored() -> None:
    metadata = _folded(
        event(1, "describe", device={"os": 7, "cpus": 8, "is_mobile": "no"}, network={"asn": 64500})
    )
    assert (metadata.device.os, metadata.device.cpus, metadata.device.is_mobile) == (None, 8, None)
    assert metadata.network.asn is not None and metadata.network.asn.asn == "AS64500"


def test_device_lists_become_added_and_removed_devices() -> None:
    metadata = _folded(
        event(1, "audio_devices_updates", devices=[MIC]),
        event(2, "audio_devices_updates", devices=[MIC]),
        event(3, "audio_devices_updates", devices=[MIC, HEADSET]),
        event(4, "audio_devices_updates", devices=[HEADSET]),
    )
    changes = [
        (change.at, [d.label for d in change.added], [d.label for d in change.removed])
        for change in metadata.audio_devices
    ]
    assert changes == [(1, ["Built-in"], []), (3, ["Headset"], []), (4, [], ["Built-in"])]
    assert metadata.video_devices == []


def test_selected_devices_and_events_are_in_order_of_time() -> None:
    metadata = _folded(
        event(5, "audio_off"),
        event(3, "selected_microphone_update", device=HEADSET),
        event(4, "media_permission", permission="DENIED", nested={"a": 1}, many=[1]),
    )
    assert [choice.device for choice in metadata.chosen_devices] == [Device(**HEADSET)]
    assert [(h.at, h.name) for h in metadata.happenings] == [
        (4, "media_permission"),
        (5, "audio_off"),
    ]
    assert metadata.happenings[0].data == {"permission": "DENIED"}


def test_each_pre_call_test_is_kept() -> None:
    metadata = _folded(
        event(1, "describe", precall={"turn": True, "rtt_s": 0.05}),
        event(2, "describe", precall={"turn": False}),
    )
    assert [(p.at, p.turn, p.rtt_s) for p in metadata.precalls] == [
        (1, True, 0.05),
        (2, False, None),
    ]


def _seen(*connections: ConnectionBody) -> LastSeen:
    seen = LastSeen()
    seen.take(normalise(SampleBody(connections=list(connections)), EpochMs(1)))
    return seen


def _pair(connection: str, *streams: str) -> ConnectionBody:
    pair = Stats(type="candidate-pair", id="P", nominated=True, local_candidate_id=connection)
    rtp = [Stats(type=type_, id=type_, kind="audio", ssrc=1) for type_ in streams]
    return ConnectionBody(id=connection, stats=[pair, *rtp])


def test_a_pair_is_producing_or_consuming_as_its_connection_is() -> None:
    seen = _seen(_pair("a", "outbound-rtp"), _pair("b", "inbound-rtp"), _pair("c"))
    pairs = seen.pairs()
    assert [pair.local_candidate_id for pair in pairs.producing] == ["a"]
    assert [pair.local_candidate_id for pair in pairs.consuming] == ["b", "c"]


def test_a_pair_of_a_connection_in_both_directions_is_producing_and_consuming() -> None:
    pairs = _seen(_pair("a", "outbound-rtp", "inbound-rtp")).pairs()
    assert len(pairs.producing) == len(pairs.consuming) == 1
    assert pairs.producing[0].is_selected


_DATA = st.dictionaries(
    st.sampled_from(["device", "browser", "network", "precall", "devices", "sdk", "asn", "ip"]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["os", "name", "asn", "label", "turn"]), inner)
        ),
        max_leaves=6,
    ),
)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 9),
            st.sampled_from(["describe", "audio_devices_updates", "selected_camera_update", "x"]),
            _DATA,
        )
    )
)
def test_any_peer_events_are_folded_without_error(
    stated: list[tuple[int, str, dict[str, Any]]],
) -> None:
    _folded(*(event(at, name, **data) for at, name, data in stated))
