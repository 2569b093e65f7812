"""Tracks of audio: their format, and the one transcript that is made of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.audio_tracks import (
    AudioFormat,
    AudioTrack,
    TrackSegment,
    audio_format_of,
    digest_of,
    merge_tracks,
)
from aftercall.core.errors import TooLarge
from aftercall.core.uploaded_transcript import MOST_LINES


def track(speaker: str, offset_ms: int = 0) -> AudioTrack:
    return AudioTrack(
        id=speaker, speaker=speaker, offset_ms=offset_ms, format=AudioFormat.OGG, bytes=9,
        digest=f"digest-{speaker}",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("beginning", "format"),
    [
        (b"fLaC\0\0\0\x22", AudioFormat.FLAC),
        (b"OggS\0\x02", AudioFormat.OGG),
        (b"\x1a\x45\xdf\xa3\x9f", AudioFormat.WEBM),
        (b"RIFF\x24\0\0\0WAVEfmt ", AudioFormat.WAV),
        (b"\0\0\0\x20ftypM4A ", AudioFormat.M4A),
        (b"ID3\x04", AudioFormat.MP3),
        (b"\xff\xfb\x90\x64", AudioFormat.MP3),
        (b"\xff\xff\xff\xff", None),
        (b"\xff\xfe<\0h\0", None),
        (b"RIFF\x24\0\0\0AVI LIST", None),
        (b"WEBVTT", None),
        (b"", None),
    ],
)
def test_a_format_is_found_by_the_content(beginning: bytes, format: AudioFormat | None) -> None:
    assert audio_format_of(beginning) is format


def test_speakers_are_merged_by_time_with_their_offsets() -> None:
    merged = merge_tracks(
        [
            (track("ana"), [TrackSegment(0, 900, "Hello."), TrackSegment(5_000, 6_000, "Bye.")]),
            (track("ben", 2_000), [TrackSegment(1_000, 500, "Hi.")]),
        ],
        digest="d",
    )
    assert [(each.number, each.speaker, each.start_ms, each.end_ms) for each in merged.lines] == [
        (1, "ana", 0, 900),
        (2, "ben", 3_000, 3_000),
        (3, "ana", 5_000, 6_000),
    ]
    assert merged.digest == "d"


SEGMENTS = st.lists(
    st.builds(TrackSegment, st.integers(0, 9_000), st.integers(0, 9_000), st.just("x")), max_size=5
)


@given(st.lists(st.tuples(st.builds(track, st.text(), st.integers(0, 9_000)), SEGMENTS)))
def test_every_segment_is_a_line_and_none_ends_before_it_begins(
    tracks: list[tuple[AudioTrack, list[TrackSegment]]],
) -> None:
    lines = merge_tracks(tracks, digest="d").lines
    assert len(lines) == sum(len(segments) for _, segments in tracks)
    starts = [each.start_ms for each in lines]
    assert starts == sorted(starts)
    assert all(each.end_ms >= each.start_ms for each in lines)


def test_more_lines_than_a_transcript_has_are_refused() -> None:
    with pytest.raises(TooLarge):
        merge_tracks([(track("ana"), [TrackSegment(0, 1, "x")] * (MOST_LINES + 1))], digest="d")


def test_a_digest_stands_for_tracks_model_and_language_in_any_order() -> None:
    ana, ben = track("ana"), track("ben", 5)
    known = digest_of([ana, ben], model="m", language=None)
    assert known == digest_of([ben, ana], model="m", language=None)
    others = [
        digest_of([ana], model="m", language=None),
        digest_of([ana, track("ben", 6)], model="m", language=None),
        digest_of([ana, ben], model="n", language=None),
        digest_of([ana, ben], model="m", language="de"),
    ]
    assert len({known, *others}) == 5
