from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.quality.models import score

Vectors = Callable[[str], list[dict[str, Any]]]


def _percent(lost: int, base: int) -> float | None:
    return 100 * lost / base if base else None


def _ours(fn: str, given: dict[str, Any]) -> float:
    lost, jitter = given["packetsLost"], given["jitter"]
    if fn == "audioProducer":
        return score.audio_producer_score(_percent(lost, given["packetsSent"]), jitter)
    loss = _percent(lost, given["packetsReceived"] + lost)
    if fn == "audioConsumer":
        return score.audio_consumer_score(loss, jitter, given["concealmentEvents"])
    assert fn == "videoConsumer"
    return score.video_score(
        loss,
        jitter,
        width=given["frameWidth"],
        fps=given["framesPerSecond"],
        frames=given["framesDecoded"],
        is_screen=given["isScreenShare"],
    )


def test_scores_equal_those_of_the_published_client(vectors: Vectors) -> None:
    rows = vectors("realtimekit_client_score")
    assert {row["fn"] for row in rows} == {"audioProducer", "audioConsumer", "videoConsumer"}
    for row in rows:
        assert _ours(row["fn"], row["in"]) == pytest.approx(row["score01"], abs=1e-9), row


def test_unknown_measures_do_not_lower_the_score() -> None:
    assert score.audio_producer_score(None, None) == pytest.approx(1)
    assert score.audio_consumer_score(None, None, None) == pytest.approx(1)
    unknown = score.video_score(None, None, width=None, fps=None, frames=None, is_screen=False)
    assert unknown == 1
    zeros = score.video_score(None, None, width=0, fps=0.0, frames=0, is_screen=False)
    assert zeros == 0.44


maybe = st.none() | st.floats(0, 1e6)


@given(maybe, maybe, st.none() | st.integers(0, 1000), st.booleans())
def test_scores_lie_between_zero_and_one(
    loss: float | None, jitter: float | None, count: int | None, is_screen: bool
) -> None:
    scores = (
        score.audio_producer_score(loss, jitter),
        score.audio_consumer_score(loss, jitter, count),
        score.video_score(loss, jitter, width=count, fps=loss, frames=count, is_screen=is_screen),
    )
    assert all(0 <= each <= 1 for each in scores)
