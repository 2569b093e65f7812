from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.quality import mos_audio
from aftercall.core.quality.mos_audio import FB_RTPENGINE, NB, RTPENGINE_CODEC, WB, Codec

Vectors = Callable[[str], list[dict[str, Any]]]

losses = st.floats(0, 100)
delays = st.floats(0, 5000)
bursts = st.floats(1, 20)
codecs = st.sampled_from([mos_audio.opus(), mos_audio.opus(9_000), Codec("nb", 0, 25.1)])


def test_the_best_rating_of_each_scale_is_the_published_one(vectors: Vectors) -> None:
    models = {"NB (G.107)": NB, "WB (G.107.1)": WB, "FB (G.107.2)": FB_RTPENGINE}
    rows = vectors("g107_default_rating")
    assert {row["scale"] for row in rows} == set(models)
    for row in rows:
        model = models[row["scale"]]
        assert model.best == pytest.approx(row["r_default"], abs=0.01)
        assert model.rescale == row["k_rescale"]
        assert model.ceiling == row["loss_ceiling_constant"]


def test_satisfaction_limits_agree_with_table_b1(vectors: Vectors) -> None:
    for row in vectors("g107_table_b1"):
        mos = mos_audio.mos_of_rating(row["r_lower_limit"])
        assert mos == pytest.approx(row["mos_cqe_lower_limit"], abs=0.01)


def test_narrowband_and_wideband_agree_with_loom_without_its_echo_terms(vectors: Vectors) -> None:
    rows = vectors("emodel_loom_nb_wb")
    assert {row["scale"] for row in rows} == {"NB", "WB"}
    for row in rows:
        is_narrow = row["scale"] == "NB"
        ours = mos_audio.rating(
            NB if is_narrow else WB,
            Codec("nb" if is_narrow else "wb", row["ie"], row["bpl"]),
            delay_ms=row["ta_ms"],
            loss_percent=row["ppl_pct"],
            burst_ratio=row["burst_r"],
        )
        theirs = row["r"] + row["idte"] + row["idle"] - (0.149046 if is_narrow else 0)
        assert ours == pytest.approx(theirs, abs=0.01), row
        assert mos_audio.delay_impairment(row["ta_ms"]) * (1 if is_narrow else 1.29) == (
            pytest.approx(row["idd"], abs=1e-4)
        )


def test_narrowband_agrees_with_openbach(vectors: Vectors) -> None:
    echo = {
        row["ta_ms"]: row["idte"] for row in vectors("emodel_loom_nb_wb") if row["scale"] == "NB"
    }
    compared = 0
    for row in vectors("emodel_openbach_nb"):
        ours = mos_audio.rating(
            NB,
            Codec("nb", row["ie"], row["bpl"]),
            delay_ms=row["ta_ms"],
            loss_percent=row["ppl_pct"],
            burst_ratio=row["burst_r"],
        )
        assert ours is not None
        if row["ta_ms"] in echo:
            compared += 1
            assert ours - echo[row["ta_ms"]] == pytest.approx(row["r"], abs=0.01), row
    assert compared > 100


def test_fullband_agrees_with_rtpengine(vectors: Vectors) -> None:
    rows = [row for row in vectors("emodel_rtpengine_fb") if row["mode"] == "CQ"]
    assert len(rows) > 200
    for row in rows:
        ours = mos_audio.rating(
            FB_RTPENGINE,
            RTPENGINE_CODEC,
            delay_ms=row["rtt_ms"] / 2 + row["jitter_ms"],
            loss_percent=row["loss_pct"],
        )
        assert ours is not None
        assert ours / FB_RTPENGINE.rescale == pytest.approx(row["r_over_1_48"], abs=2e-5), row


def test_ratings_become_scores_as_in_loom_and_never_fall_below_one(vectors: Vectors) -> None:
    for row in vectors("r_to_mos_loom"):
        narrow = mos_audio.mos_of_rating(row["r"])
        wide = mos_audio.mos_of_rating(row["r"] / WB.rescale)
        assert narrow == pytest.approx(max(1, row["mos_narrowband"]), abs=1e-6)
        assert wide == pytest.approx(max(1, row["mos_wideband"]), abs=1e-6)


def test_the_wideband_chain_gives_the_published_amr_wb_scores(vectors: Vectors) -> None:
    for row in vectors("sipnab_amrwb_tests"):
        codec = Codec("wb", row["ie_wb"], row["bpl_wb"])
        impairment = mos_audio.loss_impairment(codec, WB.ceiling, row["loss_pct"])
        assert impairment == pytest.approx(row["ie_eff_wb"], abs=0.001)
        r = mos_audio.rating(WB, codec, delay_ms=0, loss_percent=row["loss_pct"])
        assert r is not None
        assert mos_audio.mos_of_rating(r / WB.rescale) == pytest.approx(row["mos_cqew"], abs=0.0005)


def test_opus_constants_are_the_published_ones(vectors: Vectors) -> None:
    rows = [
        row
        for row in vectors("opus_alahmadi_2021")
        if (row["mode"], row["loss_pattern"]) == ("vbr", "random")
    ]
    assert len(rows) == 18
    for row in rows:
        bandwidth = {"nb": "nb", "wb": "wb", "swb": "fb"}[row["bandwidth"]]
        codec = mos_audio.opus(row["bitrate_kbps"] * 1000)
        assert codec == Codec(bandwidth, row["ie"], row["bpl"])


def test_opus_without_a_target_is_taken_at_32_kbit_s() -> None:
    codec = mos_audio.codec_of("opus")
    assert codec is not None and codec.bpl is not None
    assert codec.ie == pytest.approx(16.138760, abs=1e-6)
    assert codec.bpl == pytest.approx(10.333333, abs=1e-6)


def test_between_two_bandwidths_opus_keeps_the_lower_ones_last_point() -> None:
    assert mos_audio.opus(10_000) == mos_audio.opus(9_000)
    assert mos_audio.opus(13_500) == mos_audio.opus(13_000)
    assert mos_audio.opus(1_000) == mos_audio.opus(6_000)
    assert mos_audio.opus(510_000) == mos_audio.opus(40_000)


def test_g711_constants_are_those_of_g113(vectors: Vectors) -> None:
    published = {row["codec"]: row for row in vectors("g113_impairments")}
    row = published["G.711 with App. I PLC"]
    assert mos_audio.codec_of("pcmu") == Codec("nb", row["ie"], row["bpl"])
    assert mos_audio.codec_of("pcma") == Codec("nb", row["ie"], row["bpl"])


def test_burst_ratios_agree_with_a_gilbert_estimator(vectors: Vectors) -> None:
    for row in vectors("burst_ratio_loom"):
        ours = mos_audio.burst_ratio(row["lost"], row["bursts"], row["lost"] / row["packets"])
        assert ours == pytest.approx(row["burst_r"], abs=0.03)


# Quoted with two decimals from an independent computation of the default set.
@pytest.mark.parametrize(
    ("delay_ms", "expected"),
    [
        (100, [4.32, 4.21, 4.10, 3.88, 3.67, 3.28, 2.83, 2.61, 2.20, 1.94, 1.65]),
        (200, [4.23, 4.11, 3.99, 3.75, 3.52, 3.13, 2.67, 2.45, 2.05, 1.80, 1.52]),
        (300, [3.79, 3.63, 3.47, 3.18, 2.93, 2.51, 2.07, 1.87, 1.53, 1.34, 1.15]),
        (400, [3.36, 3.17, 3.00, 2.70, 2.44, 2.04, 1.65, 1.47, 1.21, 1.09, 1.00]),
    ],
)
def test_the_default_set_scores_opus_as_documented(delay_ms: int, expected: list[float]) -> None:
    losses = [0, 0.5, 1, 2, 3, 5, 8, 10, 15, 20, 30]
    ours = [
        mos_audio.estimate(mos_audio.opus(), delay_ms=delay_ms, loss_percent=loss)
        for loss in losses
    ]
    assert ours == pytest.approx(expected, abs=0.005)


def test_forward_error_correction_softens_loss_as_documented() -> None:
    ours = [
        mos_audio.estimate(
            mos_audio.opus(),
            delay_ms=0,
            loss_percent=loss,
            bpl_factor=mos_audio.redundancy("opus", "minptime=10;useinbandfec=1"),
        )
        for loss in (0, 2, 5, 10, 20)
    ]
    assert ours == pytest.approx([4.32, 4.03, 3.60, 3.02, 2.31], abs=0.005)
    assert mos_audio.redundancy("red", None) == 2
    assert mos_audio.redundancy("opus", None) == 1


def test_codecs_tell_what_a_narrow_band_can_reach_on_the_common_scale() -> None:
    g711, g722 = mos_audio.codec_of("pcma"), mos_audio.codec_of("g722")
    assert g711 is not None and g722 is not None
    assert mos_audio.estimate(g711, delay_ms=50, loss_percent=0) == pytest.approx(3.25, abs=0.01)
    assert mos_audio.estimate(g722, delay_ms=50, loss_percent=0) == pytest.approx(3.96, abs=0.01)
    assert mos_audio.codec_of("telephone-event") is None


def test_meaningless_inputs_give_no_score() -> None:
    opus = mos_audio.opus()
    for delay, loss in ((float("nan"), 0.0), (0.0, float("nan")), (-1.0, 0.0), (0.0, -1.0)):
        assert mos_audio.estimate(opus, delay_ms=delay, loss_percent=loss) is None
        assert mos_audio.rating(NB, opus, delay_ms=delay, loss_percent=loss) is None
    assert mos_audio.estimate(Codec("wb", 13, None), delay_ms=0, loss_percent=1) is None
    assert mos_audio.estimate(Codec("wb", 13, None), delay_ms=0, loss_percent=0) is not None


@pytest.mark.parametrize("hundredths", range(101, 450))
def test_a_score_turns_back_into_its_rating(hundredths: int) -> None:
    mos = hundredths / 100
    assert mos_audio.mos_of_rating(mos_audio.rating_of_mos(mos)) == pytest.approx(mos, abs=1e-12)


def test_the_ends_of_the_scale_turn_back_into_its_ends() -> None:
    assert mos_audio.rating_of_mos(1.0) == 0
    assert mos_audio.rating_of_mos(4.5) == 100


def test_no_score_rises_where_a_published_scorer_jumps_at_150_ms(vectors: Vectors) -> None:
    rows = vectors("audio_rtcscore_defect")
    theirs = {row["total_delay_ms"]: row["mos"] for row in rows}
    assert theirs[151] > theirs[150]
    opus = mos_audio.opus()
    ours = [
        mos_audio.estimate(opus, delay_ms=row["total_delay_ms"], loss_percent=10) for row in rows
    ]
    assert ours == sorted(ours, key=lambda mos: mos or 0, reverse=True)


def test_no_score_rises_where_a_published_fit_turns_upward_with_loss(vectors: Vectors) -> None:
    rows = vectors("rtpengine_nb_defect")
    theirs = {row["loss_pct"]: row["mos_x10"] for row in rows}
    assert theirs[30] > theirs[10]
    opus = mos_audio.opus()
    ours = [mos_audio.estimate(opus, delay_ms=0, loss_percent=row["loss_pct"]) for row in rows]
    assert ours == sorted(ours, key=lambda mos: mos or 0, reverse=True)


def test_a_second_of_delay_is_not_almost_as_good_as_none() -> None:
    opus = mos_audio.opus()
    assert (mos_audio.estimate(opus, delay_ms=500, loss_percent=0) or 9) < 3.2


def _mos(codec: Codec, delay_ms: float, loss_percent: float, burst: float, factor: float) -> float:
    mos = mos_audio.estimate(
        codec, delay_ms=delay_ms, loss_percent=loss_percent, burst_ratio=burst, bpl_factor=factor
    )
    assert mos is not None
    return mos


@given(codecs, delays, losses, bursts, st.sampled_from([1.0, 1.5, 2.0, 3.0]), st.data())
def test_nothing_bad_ever_raises_a_score(
    codec: Codec, delay: float, loss: float, burst: float, factor: float, data: st.DataObject
) -> None:
    mos = _mos(codec, delay, loss, burst, factor)
    assert 1 <= mos <= 4.5
    assert _mos(codec, data.draw(st.floats(delay, 6000)), loss, burst, factor) <= mos
    assert _mos(codec, delay, data.draw(st.floats(loss, 100)), burst, factor) <= mos
    assert _mos(codec, delay, loss, data.draw(st.floats(burst, 30)), factor) <= mos
    assert _mos(codec, delay, loss, burst, data.draw(st.floats(factor, 4))) >= mos


@given(st.floats(0, 128_000), st.floats(0, 128_000))
def test_a_higher_target_bitrate_is_no_worse_on_a_clean_line(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert _mos(mos_audio.opus(low), 0, 0, 1, 1) <= _mos(mos_audio.opus(high), 0, 0, 1, 1)


def test_delay_is_made_of_what_each_end_can_see() -> None:
    assert mos_audio.producer_delay_ms(0.1, 0.01) == pytest.approx(50 + 20 + 26.5)
    assert mos_audio.consumer_delay_ms(0.1, 60.0, 0.01) == pytest.approx(50 + 60 + 26.5)
    assert mos_audio.consumer_delay_ms(None, None, 0.01) == pytest.approx(20 + 26.5)
