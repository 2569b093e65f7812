import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.quality.models import mos_audio
from aftercall.core.quality.models.audio_codecs import (
    AMR_WB_DIOTIC,
    EVS,
    G711,
    G711_WITHOUT_PLC,
    G723,
    G729,
    OPUS_CBR,
    OPUS_VBR,
    CodecImpairment,
)
from aftercall.core.quality.models.mos_audio import NB

losses = st.floats(0, 100)
delays = st.floats(0, 5000)
bursts = st.floats(1, 20)
_CODECS = (G711, G711_WITHOUT_PLC, G723, G729, mos_audio.opus())
_MODES = (AMR_WB_DIOTIC, EVS, OPUS_VBR, OPUS_CBR)
codecs = st.sampled_from(
    [*_CODECS, *(codec for modes in _MODES for codec in modes.values() if codec.bpl is not None)]
)


def test_opus_without_a_target_bitrate_is_scored_at_32_kbit_s() -> None:
    codec = mos_audio.codec_of("opus")
    assert codec is not None and codec.bpl is not None
    assert codec.ie == pytest.approx(16.138760, abs=1e-6)
    assert codec.bpl == pytest.approx(10.333333, abs=1e-6)


def test_between_two_bandwidths_opus_has_the_constants_of_the_lower_one() -> None:
    assert mos_audio.opus(10_000) == mos_audio.opus(9_000)
    assert mos_audio.opus(13_500) == mos_audio.opus(13_000)
    assert mos_audio.opus(1_000) == mos_audio.opus(6_000)
    assert mos_audio.opus(510_000) == mos_audio.opus(40_000)


def test_opus_at_a_constant_bitrate_has_its_own_constants() -> None:
    fmtp = "minptime=10;useinbandfec=1;cbr=1"
    assert mos_audio.codec_of("opus", 22_000, fmtp) == OPUS_CBR[22]
    assert mos_audio.codec_of("opus", 22_000, "minptime=10;useinbandfec=1") == OPUS_VBR[22]
    assumed = mos_audio.codec_of("opus", None, fmtp)
    assert assumed is not None
    # A third of the way from 31 to 34 kbit/s.
    assert assumed.ie == pytest.approx(21.742455 - (21.742455 - 20.620295) / 3)


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
def test_the_default_constants_score_opus_as_documented(
    delay_ms: int, expected: list[float]
) -> None:
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
    assert mos_audio.redundancy("red", "minptime=10;useinbandfec=1") == 3
    assert mos_audio.redundancy("red", "useinbandfec=0") == 2
    assert mos_audio.redundancy("opus", None) == 1


def test_narrowband_and_wideband_codecs_have_their_maximum_on_the_common_scale() -> None:
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
    assert mos_audio.estimate(CodecImpairment("wb", 13, None), delay_ms=0, loss_percent=1) is None
    assert (
        mos_audio.estimate(CodecImpairment("wb", 13, None), delay_ms=0, loss_percent=0) is not None
    )


@pytest.mark.parametrize("hundredths", range(101, 450))
def test_a_mos_converts_back_to_its_rating(hundredths: int) -> None:
    mos = hundredths / 100
    assert mos_audio.mos_of_rating(mos_audio.rating_of_mos(mos)) == pytest.approx(mos, abs=1e-12)


def test_the_ends_of_the_mos_scale_convert_to_the_ends_of_the_rating() -> None:
    assert mos_audio.rating_of_mos(1.0) == 0
    assert mos_audio.rating_of_mos(4.5) == 100


def test_half_a_second_of_delay_lowers_the_mos_clearly() -> None:
    opus = mos_audio.opus()
    assert (mos_audio.estimate(opus, delay_ms=500, loss_percent=0) or 9) < 3.2


def _mos(
    codec: CodecImpairment, delay_ms: float, loss_percent: float, burst: float, factor: float
) -> float:
    mos = mos_audio.estimate(
        codec, delay_ms=delay_ms, loss_percent=loss_percent, burst_ratio=burst, bpl_factor=factor
    )
    assert mos is not None
    return mos


@given(codecs, delays, losses, bursts, st.sampled_from([1.0, 1.5, 2.0, 3.0]), st.data())
def test_no_impairment_raises_the_mos(
    codec: CodecImpairment,
    delay: float,
    loss: float,
    burst: float,
    factor: float,
    data: st.DataObject,
) -> None:
    mos = _mos(codec, delay, loss, burst, factor)
    assert 1 <= mos <= 4.5
    assert _mos(codec, data.draw(st.floats(delay, 6000)), loss, burst, factor) <= mos
    assert _mos(codec, delay, data.draw(st.floats(loss, 100)), burst, factor) <= mos
    assert _mos(codec, delay, loss, data.draw(st.floats(burst, 30)), factor) <= mos
    assert _mos(codec, delay, loss, burst, data.draw(st.floats(factor, 4))) >= mos


@given(st.floats(0, 128_000), st.floats(0, 128_000))
def test_a_higher_target_bitrate_never_lowers_the_mos_without_loss(
    one: float, other: float
) -> None:
    low, high = sorted((one, other))
    assert _mos(mos_audio.opus(low), 0, 0, 1, 1) <= _mos(mos_audio.opus(high), 0, 0, 1, 1)


def test_the_delay_is_the_sum_of_what_each_end_measures() -> None:
    assert mos_audio.producer_delay_ms(0.1, 0.01) == pytest.approx(50 + 20 + 26.5)
    assert mos_audio.consumer_delay_ms(0.1, 60.0, 0.01) == pytest.approx(50 + 60 + 26.5)
    assert mos_audio.consumer_delay_ms(None, None, 0.01) == pytest.approx(20 + 26.5)
