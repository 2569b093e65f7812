from typing import Any

from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.stream_matching import StreamId
from aftercall.core.quality.interval_columns.interval import Interval
from aftercall.core.quality.report.stream_list import (
    described_streams,
    list_streams,
    screenshare_instants,
)
from aftercall.core.quality.stats.report_linker import Family
from tests.core.quality.interval_builder import table_of
from tests.core.quality.synthetic_call import CALL_START


def _interval(place: int, family: Family, members: dict[str, Any]) -> Interval:
    ids = dict.fromkeys(("ssrc", "mid", "producer_id", "consumer_id", "peer_id"))
    return Interval(
        key=("pc", "receive", members.get("ssrc") or 0),
        family=family,
        at=EpochMs(CALL_START + 7_000 * place),
        dt_s=7.0,
        connection_id="pc",
        **{**ids, **members},
    )


def _streams_of(*rows: dict[str, Any], family: Family = Family.AUDIO_CONSUMER) -> list[StreamId]:
    table = table_of([_interval(place, family, row) for place, row in enumerate(rows)])
    return list_streams([described_streams([table])])


def test_a_stream_that_changes_its_mid_is_one_stream() -> None:
    tag: dict[str, object] = {"ssrc": 7, "producer_id": "p", "peer_id": "bob"}
    assert _streams_of({**tag, "mid": "4"}, {**tag, "mid": "3"}) == [
        StreamId(family="audio_consumer", ssrc=7, mid="3", producer_id="p", from_peer_id="bob")
    ]


def test_a_stream_whose_sender_becomes_known_later_is_one_stream() -> None:
    assert _streams_of({"ssrc": 7}, {"ssrc": 7, "peer_id": "bob"}, {"ssrc": 8}) == [
        StreamId(family="audio_consumer", ssrc=7, from_peer_id="bob"),
        StreamId(family="audio_consumer", ssrc=8),
    ]


def test_an_ssrc_reused_by_another_sender_is_another_stream() -> None:
    found = _streams_of({"ssrc": 7, "peer_id": "bob"}, {"ssrc": 7, "peer_id": "cyd"})
    assert [each.from_peer_id for each in found] == ["bob", "cyd"]


def test_a_sent_stream_has_the_id_of_its_producer_alone() -> None:
    members = {"ssrc": 7, "producer_id": "p", "consumer_id": "c", "peer_id": "bob"}
    assert _streams_of(members, family=Family.AUDIO_PRODUCER) == [
        StreamId(family="audio_producer", ssrc=7, producer_id="p")
    ]


def test_a_stream_of_several_peers_is_listed_once_as_last_described() -> None:
    tables = [
        table_of([_interval(0, Family.AUDIO_CONSUMER, {"ssrc": 7, "peer_id": "bob", "mid": mid})])
        for mid in ("1", "2")
    ]
    assert list_streams([described_streams([each]) for each in tables]) == [
        StreamId(family="audio_consumer", ssrc=7, mid="2", from_peer_id="bob")
    ]


def test_a_screen_was_sent_at_the_ends_of_its_intervals() -> None:
    screen = Family.SCREENSHARE_VIDEO_PRODUCER
    tables = [
        table_of([_interval(place, screen, {"ssrc": 7}) for place in (1, 2)]),
        table_of([_interval(5, Family.VIDEO_PRODUCER, {"ssrc": 8})]),
    ]
    assert screenshare_instants(tables) == [CALL_START + 7_000, CALL_START + 14_000]
    assert screenshare_instants([]) == []
