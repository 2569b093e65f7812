import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.instants import HOUR_MS, MINUTE_MS, EpochMs
from aftercall.core.quality.attribution.stream_ends import StreamId
from aftercall.core.quality.attribution.verdicts import complete
from aftercall.core.quality.digest import (
    MOST_BUCKETS,
    Digest,
    digest,
    level_of,
    levels_of,
    scale_of,
    strip_of,
)
from aftercall.core.quality.report import Details, fold
from tests.core.quality.cast import FINE, TEN, Call, Weather, always, between


@pytest.mark.parametrize(
    ("mos", "level"),
    [(None, 0), (5.0, 4), (3.8, 4), (3.79, 3), (3.1, 3), (3.0, 2), (2.6, 2), (2.5, 1), (1.0, 1)],
)
def test_the_mos_of_a_voice_has_a_level(mos: float | None, level: int) -> None:
    assert level_of(mos, None) == level


@pytest.mark.parametrize(
    ("mos", "level"),
    [(None, 0), (5.0, 4), (3.3, 4), (3.29, 3), (2.6, 3), (2.5, 2), (2.1, 2), (2.0, 1), (1.0, 1)],
)
def test_the_mos_of_a_picture_has_a_level_of_its_own(mos: float | None, level: int) -> None:
    assert level_of(None, mos) == level


@given(st.integers(1, 40 * 24 * HOUR_MS))
def test_a_scale_covers_its_time_in_a_bounded_number_of_buckets(span_ms: int) -> None:
    scale = scale_of(TEN, EpochMs(TEN + span_ms))
    assert 1 <= scale.buckets <= MOST_BUCKETS
    assert scale.to_at >= TEN + span_ms > scale.to_at - scale.bucket_ms


@given(
    st.lists(st.lists(st.integers(0, 4), min_size=7, max_size=7), min_size=1, max_size=4),
    st.integers(1, 10),
)
def test_a_strip_shows_the_worst_that_is_known(lanes: list[list[int]], places: int) -> None:
    strip, width = strip_of(lanes, 7, places)
    assert len(strip) <= places
    for place, level in enumerate(strip):
        known = [each for lane in lanes for each in lane[place * width : (place + 1) * width]]
        assert level == min((each for each in known if each), default=0)


def test_levels_are_those_of_the_worse_of_sound_and_picture() -> None:
    assert levels_of([4.5, None, 2.0, None], [2.4, 3.9, None, None]) == [2, 4, 1, 0]


def _digests(call: Call) -> dict[str, Digest]:
    folded = {name: fold(facts, call.end_at) for name, facts in call.everybody().items()}
    verdicts = complete(
        {name: each.verdict for name, each in folded.items()},
        {name: each.traces for name, each in folded.items()},
        {name: name for name in folded},
        call.end_at,
    )
    scale = scale_of(TEN, call.end_at)
    return {name: digest(verdicts[name], folded[name].details, scale) for name in folded}


def test_a_clean_call_is_good_for_everybody() -> None:
    call = Call({"ada": always(FINE), "bob": always(FINE)}, minutes=3)
    for each in _digests(call).values():
        assert each.is_measured
        assert not each.is_bad
        assert set(levels_of(each.mos_audio, each.mos_video)) == {4}


def test_a_bad_minute_is_seen_where_it_was() -> None:
    bad = between(60, 120, Weather(up_loss=0.3))
    call = Call({"ada": bad, "bob": always(FINE), "cyd": always(FINE)}, minutes=4)
    ada = _digests(call)["ada"]
    levels = levels_of(ada.mos_audio, ada.mos_video)
    first, last = (
        next(place for place in order if 0 < levels[place] < 3)
        for order in (range(len(levels)), reversed(range(len(levels))))
    )
    bucket_ms = ada.scale.bucket_ms
    assert MINUTE_MS - bucket_ms <= first * bucket_ms <= MINUTE_MS + 2 * bucket_ms
    assert last * bucket_ms <= 2 * MINUTE_MS + 2 * bucket_ms
    assert ada.is_bad
    assert ada.diagnosis[0].cause == "uplink"


def test_the_way_through_a_relay_is_a_word_to_filter_by() -> None:
    call = Call({"ada": always(Weather(relay="tls")), "bob": always(FINE)}, minutes=1)
    found = _digests(call)
    assert (found["ada"].where.relay, found["bob"].where.relay) == ("tls", "none")


def _rows(*rows: dict[str, object]) -> Details:
    encoded = [{"timestamp": "2026-11-21T10:00:07.000Z", **row} for row in rows]
    raw = {"audio_consumer": msgspec.Raw(msgspec.json.encode(encoded))}
    return Details(rows=raw, receptions=[])


def _streams_of(*rows: dict[str, object]) -> list[StreamId]:
    call = Call(["ada"], minutes=1)
    verdict = fold([call.facts("ada")], call.end_at).verdict
    return digest(verdict, _rows(*rows), scale_of(TEN, call.end_at)).streams


def test_a_stream_that_moves_to_another_mid_is_still_one() -> None:
    tag: dict[str, object] = {"ssrc": 7, "producer_id": "p", "peer_id": "bob"}
    assert _streams_of({**tag, "mid": "4"}, {**tag, "mid": "3"}) == [
        StreamId(family="audio_consumer", ssrc=7, mid="3", producer_id="p", from_peer_id="bob")
    ]


def test_a_stream_whose_sender_is_known_late_is_still_one() -> None:
    assert _streams_of({"ssrc": 7}, {"ssrc": 7, "peer_id": "bob"}, {"ssrc": 8}) == [
        StreamId(family="audio_consumer", ssrc=7, from_peer_id="bob"),
        StreamId(family="audio_consumer", ssrc=8),
    ]


def test_an_ssrc_that_carries_one_sender_after_another_is_a_stream_of_each() -> None:
    found = _streams_of({"ssrc": 7, "peer_id": "bob"}, {"ssrc": 7, "peer_id": "cyd"})
    assert [each.from_peer_id for each in found] == ["bob", "cyd"]
