from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.instants import EpochMs
from aftercall.core.overview.stream_charts import StreamColumns, chart_streams, thin_out
from aftercall.core.quality.report.fold import fold
from tests.core.quality.synthetic_call import (
    CALL_START,
    FINE,
    Call,
    PeerConditions,
    always,
    between,
)

_Values = st.lists(st.one_of(st.none(), st.floats(0, 1e6)), min_size=1, max_size=400)


@given(_Values, st.integers(1, 60))
def test_thinning_loses_no_peak(values: list[float | None], points: int) -> None:
    t = [EpochMs(CALL_START + place) for place in range(len(values))]
    known = [value for value in values if value is not None]
    columns = StreamColumns(t=t, loss_percent=values if known else [], mos=values if known else [])
    thin = thin_out(columns, points)
    assert thin.t == sorted(set(thin.t))
    assert {thin.t[0], thin.t[-1]} == {t[0], t[-1]}
    if known:
        kept = [value for value in thin.loss_percent if value is not None]
        assert (min(kept), max(kept)) == (min(known), max(known))
        assert len(thin.loss_percent) == len(thin.mos) == len(thin.t)


@given(st.integers(60, 500), st.integers(50, 200))
def test_thinning_keeps_about_as_many_points_as_requested(n: int, points: int) -> None:
    t = [EpochMs(CALL_START + place) for place in range(n)]
    thin = thin_out(StreamColumns(t=t, mos=[float(place % 7) for place in range(n)]), points)
    assert len(thin.t) <= max(points, 3) + 2


def test_a_chart_has_the_values_that_the_stream_reported() -> None:
    bad = between(60, 120, PeerConditions(up_loss=0.3))
    call = Call({"ada": bad, "bob": always(FINE)}, minutes=3)
    folded = fold([call.facts("ada")], call.end_at)
    streams = chart_streams(folded.details.rows, points=1000)
    audio = next(each for each in streams if each.id.family == "audio_producer")
    during = [
        loss
        for at, loss in zip(audio.columns.t, audio.columns.loss_percent, strict=True)
        if CALL_START + 70_000 <= at <= CALL_START + 110_000
    ]
    assert during
    assert all(loss is not None and 20 < loss < 40 for loss in during)
    assert audio.columns.fps == []
    assert audio.p10_mos is not None
    assert audio.p10_mos < 3


def test_a_chart_can_be_limited_to_a_time_range() -> None:
    call = Call({"ada": always(FINE), "bob": always(FINE)}, minutes=3)
    folded = fold([call.facts("ada")], call.end_at)
    cut = chart_streams(
        folded.details.rows,
        points=1000,
        from_at=EpochMs(CALL_START + 60_000),
        to_at=EpochMs(CALL_START + 90_000),
    )
    assert cut
    assert all(
        CALL_START + 60_000 <= at <= CALL_START + 90_000 for each in cut for at in each.columns.t
    )
