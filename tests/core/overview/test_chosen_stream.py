"""Which stream of a participant is shown first."""

from typing import Any

import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.overview.chosen_stream import WORST, chosen_stream, layers_of
from aftercall.core.overview.stream_charts import StreamChart, StreamColumns, chart_streams
from aftercall.core.quality.activity.stream_matching import StreamId
from aftercall.core.quality.issues import Issue, IssueName, StreamRef
from aftercall.core.quality.report.fold import fold
from tests.core.quality.synthetic_call import (
    CALL_START,
    FINE,
    Call,
    PeerConditions,
    always,
    between,
)


def stream(family: str, ssrc: int, p10_mos: float | None, *, mid: str | None = None) -> StreamChart:
    id = StreamId(family=family, ssrc=ssrc, mid=mid)
    return StreamChart(
        key=id.key,
        id=id,
        is_sent=id.is_sent,
        kind="audio" if id.is_audio else "video",
        is_screenshare=False,
        points=1,
        columns=StreamColumns(t=[]),
        p10_mos=p10_mos,
        avg_mos=p10_mos,
    )


def issue(of: StreamChart, samples: int, **parts: Any) -> Issue:
    known: dict[str, Any] = {
        "name": IssueName.POOR_NETWORK_UPLINK,
        "severity": "warning",
        "stream": StreamRef(peer_id="ada", family=of.id.family, ssrc=of.id.ssrc),
        "first_at": EpochMs(CALL_START),
        "last_at": EpochMs(CALL_START + 1_000),
        "is_open": False,
        "sample_count": samples,
        "worst": {},
    }
    return Issue(**(known | parts))


VOICE = stream("audio_producer", 1, 4.2)
PICTURE = stream("video_producer", 2, 3.4)
HEARD = stream("audio_consumer", 3, None)


def test_the_worst_level_comes_before_everything_else() -> None:
    bad = stream("audio_consumer", 4, 2.0)
    found = chosen_stream(WORST, [VOICE, PICTURE, HEARD, bad], [issue(VOICE, 50)])
    assert found is bad


def test_of_equal_levels_the_most_troubled_one_comes_first_then_the_lowest_score() -> None:
    streams = [VOICE, PICTURE]
    assert chosen_stream(WORST, streams, [issue(VOICE, 3)]) is VOICE
    note = issue(VOICE, 3, severity="information")
    assert chosen_stream(WORST, streams, [note]) is PICTURE


def test_a_stream_that_was_not_judged_comes_last() -> None:
    assert chosen_stream(WORST, [HEARD, VOICE], []) is VOICE
    assert chosen_stream(WORST, [HEARD], []) is HEARD
    assert chosen_stream(WORST, [], []) is None


def test_a_key_chooses_its_stream_and_an_unknown_one_none() -> None:
    assert chosen_stream(PICTURE.key, [VOICE, PICTURE], []) is PICTURE
    assert chosen_stream("video_producer:9", [VOICE, PICTURE], []) is None


def test_the_layers_of_a_picture_are_drawn_together() -> None:
    layers = [stream("video_producer", ssrc, None, mid="1") for ssrc in (5, 6, 7)]
    other = stream("video_producer", 8, None, mid="2")
    received = [stream("video_consumer", ssrc, None, mid="1") for ssrc in (9, 10)]
    every = [*layers, other, *received]
    assert layers_of(layers[1], every) == {each.key for each in layers}
    assert layers_of(received[0], every) == {received[0].key}
    assert layers_of(None, every) == set()


@pytest.mark.parametrize("wanted", [WORST, "audio_producer"])
def test_only_the_chosen_stream_has_columns_and_all_have_their_figures(wanted: str) -> None:
    bad = between(60, 120, PeerConditions(up_loss=0.3))
    call = Call({"ada": bad, "bob": always(FINE)}, minutes=3)
    details = fold([call.facts("ada")], call.end_at).details
    every = chart_streams(details.rows, points=1000)
    key = next(each.key for each in every if each.key.startswith("audio_producer"))
    chosen = chosen_stream(WORST if wanted == WORST else key, every, [])
    assert chosen is not None
    some = chart_streams(details.rows, points=1000, choose=lambda found: {chosen.key})
    assert [(each.key, each.points, each.p10_mos, each.avg_mos) for each in some] == [
        (each.key, each.points, each.p10_mos, each.avg_mos) for each in every
    ]
    for one, other in zip(some, every, strict=True):
        assert one.columns == (other.columns if one.key == chosen.key else StreamColumns(t=[]))
