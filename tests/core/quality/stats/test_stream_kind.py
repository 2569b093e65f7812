from math import nan
from typing import Any

import pytest

from aftercall.core.quality.stats.getstats import Stats, StreamTag
from aftercall.core.quality.stats.stream_kind import (
    PROBATOR,
    is_no_stream,
    kind_of,
    sender_of,
    source_of,
)


def _stats(**members: Any) -> Stats:
    return Stats(type="inbound-rtp", id="I", **members)


def _tag(**members: Any) -> StreamTag:
    return StreamTag(connection="pc", direction="receive", **members)


SOUND_SOURCE = Stats(type="media-source", id="S", kind="audio")


@pytest.mark.parametrize(
    ("stats", "source", "mime_type", "tag", "kind"),
    [
        (_stats(kind="video"), SOUND_SOURCE, "audio/opus", _tag(kind="audio"), "video"),
        (_stats(media_type="video"), SOUND_SOURCE, "audio/opus", None, "video"),
        (_stats(), SOUND_SOURCE, "video/VP8", None, "audio"),
        (_stats(), None, "VIDEO/vp8", _tag(kind="audio"), "video"),
        (_stats(), None, "application/data", _tag(kind="audio"), "audio"),
        (_stats(kind="smell"), None, "audio/opus", None, "audio"),
        (_stats(frames_decoded=0), None, None, None, "video"),
        (_stats(concealed_samples=0), None, None, None, "audio"),
        (_stats(packets_received=5), None, None, None, None),
    ],
    ids=[
        "itself",
        "its old name",
        "its source",
        "its codec",
        "its tag",
        "not one that is none",
        "frames",
        "samples",
        "nothing",
    ],
)
def test_a_kind_comes_from_the_nearest_object_that_states_it(
    stats: Stats,
    source: Stats | None,
    mime_type: str | None,
    tag: StreamTag | None,
    kind: str | None,
) -> None:
    assert kind_of(stats, source, mime_type, tag) == kind


def test_an_unknown_value_states_no_kind() -> None:
    assert kind_of(_stats(frame_width=nan, audio_level=0.0), None, None, None) == "audio"


@pytest.mark.parametrize(
    ("members", "is_none"),
    [
        ({"mid": PROBATOR}, True),
        ({"track_identifier": PROBATOR}, True),
        ({"is_remote": True}, True),
        ({"is_remote": False, "mid": "0"}, False),
        ({}, False),
    ],
)
def test_probes_and_remote_reports_are_no_streams(members: dict[str, Any], is_none: bool) -> None:
    assert is_no_stream(_stats(**members)) is is_none


@pytest.mark.parametrize(
    ("members", "tag", "sender"),
    [
        ({"media_source_id": "S", "mid": "1"}, _tag(producer_id="p"), "S"),
        ({"mid": "1"}, _tag(producer_id="p"), "1"),
        ({}, _tag(producer_id="p", track_id="t", mid="2"), "p"),
        ({}, _tag(track_id="t", mid="2"), "t"),
        ({}, _tag(mid="2"), "2"),
        ({}, _tag(), "camera"),
        ({}, None, "camera"),
    ],
)
def test_simulcast_layers_share_the_id_of_their_source(
    members: dict[str, Any], tag: StreamTag | None, sender: str
) -> None:
    assert sender_of(_stats(**members), tag, "camera") == sender


@pytest.mark.parametrize(
    ("direction", "track_id", "tag", "source"),
    [
        ("receive", "t", _tag(producer_id="p"), "producer p"),
        ("send", "t", _tag(producer_id="p"), "track t"),
        ("send", None, _tag(producer_id="p", track_id="u"), "track u"),
        ("receive", "t", _tag(track_id="u"), "track t"),
        ("receive", None, _tag(), None),
        ("receive", None, None, None),
    ],
)
def test_a_received_stream_is_identified_by_producer_else_by_track(
    direction: str, track_id: str | None, tag: StreamTag | None, source: str | None
) -> None:
    assert source_of(direction, track_id, tag) == source
