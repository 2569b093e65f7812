"""The voice's models against every published row: the standard's tables, two programs for
narrowband, one each for wideband and fullband, and the codecs' constants.

Of a set in which one column is not ours to reproduce, the test says so beside it.
"""

from collections.abc import Callable
from typing import Any

import pytest

from aftercall.core.quality.models import mos_audio
from aftercall.core.quality.models.audio_codecs import (
    AMR_WB_DIOTIC,
    AMR_WB_MONOTIC,
    EVS,
    G711,
    G711_WITHOUT_PLC,
    G723,
    G729,
    OPUS_CBR,
    OPUS_VBR,
    CodecImpairment,
)
from aftercall.core.quality.models.mos_audio import FB_RTPENGINE, NB, RTPENGINE_CODEC, WB

Vectors = Callable[[str], list[dict[str, Any]]]

FULL_BEST = 93.206208
"""What the default rating of G.107 comes to unrounded; the standard, and our set, say 93.2."""
DEFAULT_LISTENER_ECHO = 0.149046
"""Of it, what full implementations take off for listener echo at no delay."""


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
    rows = vectors("g107_table_b1")
    assert len(rows) == 5
    for row in rows:
        mos = mos_audio.mos_of_rating(row["r_lower_limit"])
        assert mos == pytest.approx(row["mos_cqe_lower_limit"], abs=0.01)


def test_ratings_delays_losses_and_scores_equal_those_of_loom(vectors: Vectors) -> None:
    """Every column of every row. The echo terms, which our form leaves out, are loom's own."""
    rows = vectors("emodel_loom_nb_wb")
    assert len(rows) == 809
    assert {row["scale"] for row in rows} == {"NB", "WB"}
    for row in rows:
        is_narrow = row["scale"] == "NB"
        model, codec = (NB if is_narrow else WB), _codec(row, "nb" if is_narrow else "wb")
        ours = mos_audio.rating(
            model,
            codec,
            delay_ms=row["ta_ms"],
            loss_percent=row["ppl_pct"],
            burst_ratio=row["burst_r"],
        )
        assert ours is not None
        without_echo = row["r"] + row["idte"] + row["idle"]
        without_echo -= DEFAULT_LISTENER_ECHO if is_narrow else 0
        assert ours == pytest.approx(without_echo, abs=0.01), row
        rounding = FULL_BEST - NB.best if is_narrow else 0
        assert ours + rounding == pytest.approx(without_echo, abs=1e-4), row

        loss = mos_audio.loss_impairment(codec, model.ceiling, row["ppl_pct"], row["burst_r"])
        assert loss == pytest.approx(row["ie_eff"], abs=1e-4), row
        delay = model.rescale * mos_audio.delay_impairment(row["ta_ms"])
        assert delay == pytest.approx(row["idd"], abs=1e-4), row

        # Scores are loom's to the last printed digit where it does not dip below 1, and the
        # rounded best rating costs them what `docs/explain/quality.md` says.
        full = ours + rounding - (without_echo - row["r"])
        score = mos_audio.mos_of_rating(full / model.rescale)
        assert score == pytest.approx(max(1, row["mos_cqe"]), abs=1e-6), row
        rounded = mos_audio.mos_of_rating((full - rounding) / model.rescale)
        assert rounded == pytest.approx(max(1, row["mos_cqe"]), abs=0.00033), row


def test_narrowband_ratings_and_scores_equal_those_of_openbach(vectors: Vectors) -> None:
    """OpenBACH prints no echo terms; those of the same delay are loom's."""
    echo = {
        row["ta_ms"]: row["idte"] for row in vectors("emodel_loom_nb_wb") if row["scale"] == "NB"
    }
    rows = vectors("emodel_openbach_nb")
    assert len(rows) == 231
    for row in rows:
        ours = mos_audio.rating(
            NB,
            _codec(row, "nb"),
            delay_ms=row["ta_ms"],
            loss_percent=row["ppl_pct"],
            burst_ratio=row["burst_r"],
        )
        assert ours is not None
        full = ours + (FULL_BEST - NB.best) - echo[row["ta_ms"]]
        assert full == pytest.approx(row["r"], abs=1e-4), row
        # Below a rating of 6.5 its polynomial dips under 1, where ours is held.
        assert mos_audio.mos_of_rating(full) == pytest.approx(max(1, row["mos"]), abs=1e-6), row


def test_fullband_ratings_equal_those_of_rtpengine(vectors: Vectors) -> None:
    """Its listening mode takes no delay into account. Its score in tenths is cut off, not
    rounded, and no oracle."""
    rows = vectors("emodel_rtpengine_fb")
    assert len(rows) == 278
    for row in rows:
        is_conversation = row["mode"] == "CQ"
        ours = mos_audio.rating(
            FB_RTPENGINE,
            RTPENGINE_CODEC,
            delay_ms=row["rtt_ms"] / 2 + row["jitter_ms"] if is_conversation else 0,
            loss_percent=row["loss_pct"],
        )
        assert ours is not None
        assert ours / FB_RTPENGINE.rescale == pytest.approx(row["r_over_1_48"], abs=2e-5), row


def test_ratings_become_scores_as_in_loom_and_never_fall_below_one(vectors: Vectors) -> None:
    rows = vectors("r_to_mos_loom")
    assert len(rows) == 81
    for row in rows:
        narrow = mos_audio.mos_of_rating(row["r"])
        wide = mos_audio.mos_of_rating(row["r"] / WB.rescale)
        assert narrow == pytest.approx(max(1, row["mos_narrowband"]), abs=1e-6)
        assert wide == pytest.approx(max(1, row["mos_wideband"]), abs=1e-6)


def test_the_wideband_chain_gives_the_published_amr_wb_scores(vectors: Vectors) -> None:
    rows = vectors("sipnab_amrwb_tests")
    assert len(rows) == 7
    for row in rows:
        codec = CodecImpairment("wb", row["ie_wb"], row["bpl_wb"])
        impairment = mos_audio.loss_impairment(codec, WB.ceiling, row["loss_pct"])
        assert impairment == pytest.approx(row["ie_eff_wb"], abs=0.001)
        r = mos_audio.rating(WB, codec, delay_ms=0, loss_percent=row["loss_pct"])
        assert r is not None
        assert mos_audio.mos_of_rating(r / WB.rescale) == pytest.approx(row["mos_cqew"], abs=0.0005)


def test_codec_constants_equal_every_row_of_g113(vectors: Vectors) -> None:
    single = {
        "G.711 without PLC": G711_WITHOUT_PLC,
        "G.711 with App. I PLC": G711,
        "G.723.1 MP-MLQ + VAD": G723,
        "G.729A + VAD": G729,
    }
    modes = {
        "AMR-WB monotic": AMR_WB_MONOTIC,
        "AMR-WB diotic": AMR_WB_DIOTIC,
        "EVS SWB diotic": EVS,
    }
    rows = vectors("g113_impairments")
    assert len(rows) == 25 == len(single) + sum(map(len, modes.values()))
    for row in rows:
        name = row["codec"]
        ours = single[name] if name in single else modes[name][row["bitrate_kbps"]]
        assert ours == _codec(row, row["scale"].lower())


def test_codecs_are_found_by_their_mime_subtypes() -> None:
    assert mos_audio.codec_of("pcmu") == mos_audio.codec_of("pcma") == G711
    assert mos_audio.codec_of("g729") == G729
    assert mos_audio.codec_of("g723") == G723
    assert mos_audio.codec_of("amr-wb", 12_650) == AMR_WB_DIOTIC[12.65]
    assert mos_audio.codec_of("evs", 24_400) == EVS[24.4]
    # Which of its modes an encoder is in shows in its target alone.
    assert mos_audio.codec_of("evs") is None
    assert mos_audio.codec_of("amr-wb", 19_850) is None
    assert mos_audio.codec_of("isac", 32_000) is None


def test_opus_constants_equal_every_published_row_at_random_loss(vectors: Vectors) -> None:
    published = vectors("opus_alahmadi_2021")
    rows = [row for row in published if row["loss_pattern"] == "random"]
    sets = {"vbr": OPUS_VBR, "cbr": OPUS_CBR}
    assert len(rows) == 37 == sum(map(len, sets.values()))
    for row in rows:
        ours = mos_audio.opus(row["bitrate_kbps"] * 1000, sets[row["mode"]])
        assert ours == _codec(row, _BANDWIDTHS[row["bandwidth"]])


def test_bursts_do_not_change_ie_and_lower_bpl(vectors: Vectors) -> None:
    """The rows for bursty loss are not reproduced: their Bpl stands for one pattern of bursts,
    where ours comes from the burst ratio of each interval, and both would count bursts twice."""
    published = vectors("opus_alahmadi_2021")
    rows = [row for row in published if row["loss_pattern"] == "bursty"]
    sets = {"vbr": OPUS_VBR, "cbr": OPUS_CBR}
    assert len(rows) == 37
    for row in rows:
        ours = mos_audio.opus(row["bitrate_kbps"] * 1000, sets[row["mode"]])
        assert ours.ie == row["ie"]
        assert ours.bpl is not None and ours.bpl > row["bpl"]
        smooth, burst = (
            mos_audio.estimate(ours, delay_ms=0, loss_percent=5, burst_ratio=ratio)
            for ratio in (1, 2)
        )
        assert smooth is not None and burst is not None and burst <= smooth


def test_burst_ratios_agree_with_a_gilbert_estimator(vectors: Vectors) -> None:
    rows = vectors("burst_ratio_loom")
    assert len(rows) == 5
    for row in rows:
        ours = mos_audio.burst_ratio(row["lost"], row["bursts"], row["lost"] / row["packets"])
        assert ours == pytest.approx(row["burst_r"], abs=0.03)


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


_BANDWIDTHS = {"nb": "nb", "wb": "wb", "swb": "fb"}


def _codec(row: dict[str, Any], bandwidth: str) -> CodecImpairment:
    return CodecImpairment(bandwidth, row["ie"], row["bpl"])
