import subprocess
import sys

import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.quality.interval_columns.columns import floats, numbers
from aftercall.core.quality.intervals.mute_state import MuteState, camera_issues
from aftercall.core.quality.issues import IssueName
from aftercall.core.quality.stats.report_linker import Family, Sample
from aftercall.core.records import StoredPeerEvent
from tests.core.quality.peer_events import event
from tests.core.quality.stats_samples import START, outbound, sample


def _event(at: int, name: str, source: str | None = None) -> StoredPeerEvent:
    return event(at, name, **({} if source is None else {"source": source}))


def _mute_state(**at_by_name: int) -> MuteState:
    return MuteState(_event(at, name) for name, at in at_by_name.items())


def _since(
    mute_state: MuteState, start: int, end: int, family: Family = Family.AUDIO_PRODUCER
) -> int | None:
    [since] = floats(mute_state.unmuted_since(family, numbers([start]), numbers([end])))
    return None if since is None else int(since)


def test_every_stream_is_on_without_mute_events() -> None:
    assert _since(_mute_state(), 5, 6) == 0


@pytest.mark.parametrize(
    ("start", "end", "since"),
    [(0, 9, 0), (5, 11, None), (12, 18, None), (15, 25, None), (20, 27, 20), (40, 47, 20)],
)
def test_an_off_event_mutes_until_the_on_event(start: int, end: int, since: int | None) -> None:
    assert _since(_mute_state(audio_off=10, audio_on=20), start, end) == since


def test_a_first_on_event_means_off_before_it() -> None:
    mute_state = _mute_state(audio_on=10)
    assert _since(mute_state, 0, 5) is None
    assert _since(mute_state, 10, 17) == 10


def test_a_stream_is_muted_while_any_cause_lasts() -> None:
    mute_state = _mute_state(
        audio_off=10, audio_track_muted=15, audio_on=20, audio_track_unmuted=30
    )
    assert _since(mute_state, 22, 25) is None
    assert _since(mute_state, 30, 37) == 30


def test_mute_events_apply_only_to_microphone_and_camera() -> None:
    mute_state = _mute_state(audio_off=10, video_off=10)
    assert _since(mute_state, 12, 19, Family.VIDEO_PRODUCER) is None
    for family in (
        Family.AUDIO_CONSUMER,
        Family.VIDEO_CONSUMER,
        Family.SCREENSHARE_VIDEO_PRODUCER,
        Family.SCREENSHARE_AUDIO_PRODUCER,
    ):
        assert _since(mute_state, 12, 19, family) == 0


def test_track_events_of_a_screenshare_mute_neither_camera_nor_microphone() -> None:
    mute_state = MuteState(
        [
            _event(10, "video_track_muted", "screen"),
            _event(11, "audio_track_muted", "screen_audio"),
            _event(40, "video_track_muted", "camera"),
            _event(50, "video_track_unmuted", "screen"),
        ]
    )
    assert mute_state.spans == {"audio": [], "video": [(40, None)]}


@pytest.mark.parametrize(
    "sign",
    [
        _event(70, "video_on"),
        _event(70, "selected_camera_update"),
        _event(70, "track_ended", "camera"),
        _event(70, "video_track_unmuted"),
    ],
    ids=lambda event: event.name,
)
def test_a_muted_track_is_muted_until_it_is_replaced(sign: StoredPeerEvent) -> None:
    off = _event(20, "video_off")
    on = _event(30, "video_on")
    assert MuteState([off, on, _event(60, "video_track_muted"), sign]).spans["video"] == [
        (20, 30),
        (60, 70),
    ]


@pytest.mark.parametrize(
    "sign",
    [
        _event(70, "audio_on"),
        _event(70, "selected_microphone_update"),
        _event(70, "track_ended", "screen"),
        _event(70, "track_ended"),
    ],
    ids=lambda event: f"{event.name} {event.data}",
)
def test_events_of_other_tracks_do_not_unmute_a_camera(sign: StoredPeerEvent) -> None:
    assert MuteState([_event(60, "video_track_muted"), sign]).spans["video"] == [(60, None)]


def test_selecting_another_camera_does_not_enable_it() -> None:
    mute_state = MuteState([_event(60, "video_off"), _event(70, "selected_camera_update")])
    assert mute_state.spans["video"] == [(60, None)]


def _report(at_s: float, frames: int | None, *, muted: bool | None = None) -> Sample:
    camera = outbound("video", framesEncoded=frames)
    tag = {"direction": "send", "kind": "video", "ssrc": 8, "source": "camera", "muted": muted}
    return sample(at_s, camera, tags=[tag])


def _seen(
    mute_state: MuteState, *reports: Sample, kind: str = "video"
) -> list[tuple[float, float | None]]:
    """The muted spans in seconds after the reports."""
    for report in reports:
        mute_state.take(report)
    return [
        ((start - START) / 1_000, None if end is None else (end - START) / 1_000)
        for start, end in mute_state.spans[kind]
    ]


def _muted_at(at_s: float, kind: str = "video") -> MuteState:
    return MuteState([_event(START + round(at_s * 1_000), f"{kind}_track_muted")])


def test_flowing_frames_end_a_mute() -> None:
    """RealtimeKit's client reports mutes but no unmutes."""
    frames = (0, 70, 140, 140, 143, 213, 283)
    reports = [_report(7 * place, each) for place, each in enumerate(frames)]
    assert _seen(_muted_at(15), *reports) == [(15, 28)]
    assert _seen(_muted_at(15), *reversed(reports), reports[3]) == [(15, 28)]


def test_black_frames_do_not_end_a_mute() -> None:
    reports = [_report(7 * place, 7 * place) for place in range(6)]
    assert _seen(_muted_at(15), *reports) == [(15, None)]


def _audio_report(at_s: float, level: float | None) -> Sample:
    source = {"id": "S", "type": "media-source", "kind": "audio", "audioLevel": level}
    return sample(at_s, outbound("audio", mediaSourceId="S"), source)


def test_an_audible_level_ends_a_mute_of_the_microphone() -> None:
    levels = (0.2, 0.2, 0.1, 0.0, None, 0.0, 0.003, 0.2)
    reports = [_audio_report(7 * place, each) for place, each in enumerate(levels)]
    assert _seen(_muted_at(15, "audio"), *reports, kind="audio") == [(15, 35)]


def test_a_muted_tag_without_frames_is_a_disabled_camera() -> None:
    """Some libraries report mutes only by the tag."""
    reports = [
        _report(0, 0),
        _report(7, 210, muted=False),
        _report(14, 300, muted=True),
        _report(21, 300, muted=True),
        _report(28, 300, muted=True),
        _report(35, 400, muted=False),
        _report(42, 610, muted=False),
    ]
    assert _seen(MuteState([]), *reports) == [(14, 28)]
    assert _seen(MuteState([]), *reports[:5]) == [(14, None)]
    issues = camera_issues("ada", _taken(*reports), EpochMs(START + 42_000))
    assert [(i.name, i.first_at - START, i.last_at - START) for i in issues] == [
        (IssueName.CAMERA_MUTED, 14_000, 28_000)
    ]


@pytest.mark.parametrize("fps", [0.5, 1, 2])
def test_a_muted_tag_with_black_frames_is_a_disabled_camera(fps: float) -> None:
    """Browsers send a black frame now and then for a track that is not enabled."""
    reports = [_report(7 * place, round(7 * place * fps), muted=place > 0) for place in range(5)]
    back = _report(35, 300, muted=False)
    assert _seen(MuteState([]), *reports, back) == [(0, 28)]


def test_black_frames_on_several_connections_are_not_added_up() -> None:
    def report(at_s: float, frames: int) -> Sample:
        tag = {"direction": "send", "kind": "video", "source": "camera", "muted": True}
        sent = [
            outbound("video", ssrc=ssrc, framesEncoded=frames, id=f"O{ssrc}") for ssrc in (8, 9, 10)
        ]
        return sample(at_s, *sent, tags=[tag | {"ssrc": ssrc} for ssrc in (8, 9, 10)])

    reports = [report(7 * place, 7 * place) for place in range(4)]
    assert _seen(MuteState([]), *reports) == [(0, None)]


def test_a_muted_tag_in_one_report_is_a_camera_disabled_at_that_time() -> None:
    frames = (0, 210, 330, 430, 640)
    reports = [_report(7 * place, each, muted=place == 2) for place, each in enumerate(frames)]
    assert _seen(MuteState([]), *reports) == [(14, 14)]


def test_flowing_frames_override_a_stale_muted_tag() -> None:
    frames = (0, 7, 14, 21, 231, 441)
    reports = [_report(7 * place, each, muted=True) for place, each in enumerate(frames)]
    assert _seen(MuteState([]), *reports) == [(0, 21)]


def _taken(*reports: Sample) -> MuteState:
    mute_state = MuteState([])
    for report in reports:
        mute_state.take(report)
    return mute_state


def test_a_muted_tag_with_flowing_frames_is_no_disabled_camera() -> None:
    reports = [_report(7 * place, 210 * place, muted=True) for place in range(5)]
    assert _seen(MuteState([]), *reports) == []


def test_importing_the_mute_state_does_not_import_numpy() -> None:
    script = (
        "import sys, aftercall.core.quality.intervals.mute_state; sys.exit('numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
