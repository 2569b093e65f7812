import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.quality.mutes import Mutes
from aftercall.core.quality.streams import Family
from aftercall.core.records import PeerNote


def _mutes(**at_by_name: int) -> Mutes:
    return Mutes(
        PeerNote(
            app_id="app",
            session_id="session",
            peer_id="ada",
            id=name,
            at=EpochMs(at),
            received_at=EpochMs(at),
            name=name,
            data={},
        )
        for name, at in at_by_name.items()
    )


def _since(
    mutes: Mutes, start: int, end: int, family: Family = Family.AUDIO_PRODUCER
) -> int | None:
    return mutes.unmuted_at(family, EpochMs(start), EpochMs(end))


def test_without_a_word_everything_is_on() -> None:
    assert _since(_mutes(), 5, 6) == 0


@pytest.mark.parametrize(
    ("start", "end", "since"),
    [(0, 9, 0), (5, 11, None), (12, 18, None), (15, 25, None), (20, 27, 20), (40, 47, 20)],
)
def test_a_switch_off_mutes_until_the_switch_on(start: int, end: int, since: int | None) -> None:
    assert _since(_mutes(audio_off=10, audio_on=20), start, end) == since


def test_who_first_switches_on_had_been_off() -> None:
    mutes = _mutes(audio_on=10)
    assert _since(mutes, 0, 5) is None
    assert _since(mutes, 10, 17) == 10


def test_muted_while_any_cause_holds() -> None:
    mutes = _mutes(audio_off=10, audio_track_muted=15, audio_on=20, audio_track_unmuted=30)
    assert _since(mutes, 22, 25) is None
    assert _since(mutes, 30, 37) == 30


def test_the_switches_are_of_microphone_and_camera_alone() -> None:
    mutes = _mutes(audio_off=10, video_off=10)
    assert _since(mutes, 12, 19, Family.VIDEO_PRODUCER) is None
    for family in (
        Family.AUDIO_CONSUMER,
        Family.VIDEO_CONSUMER,
        Family.SCREENSHARE_VIDEO_PRODUCER,
        Family.SCREENSHARE_AUDIO_PRODUCER,
    ):
        assert _since(mutes, 12, 19, family) == 0
