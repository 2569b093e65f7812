"""The tags of streams for which the browser reports neither `mid` nor track."""

from typing import Any

import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.quality.stats.getstats import ConnectionBody, SampleBody, Stats, StreamTag
from aftercall.core.quality.stats.report_linker import Family, ReportLinker, Stream

CAMERA, SCREEN = Family.VIDEO_PRODUCER, Family.SCREENSHARE_VIDEO_PRODUCER


def _sent(ssrc: int, kind: str = "video", **members: Any) -> Stats:
    return Stats(type="outbound-rtp", id=f"O{ssrc}", kind=kind, ssrc=ssrc, **members)


def _tag(source: str, kind: str = "video", **members: Any) -> StreamTag:
    found: Any = {"connection": "pc", "direction": "send", "kind": kind, "source": source}
    return StreamTag(**found | members)


def _linked(linker: ReportLinker, tags: list[StreamTag], *stats: Stats) -> list[Stream]:
    body = SampleBody(connections=[ConnectionBody(id="pc", stats=list(stats))], streams=tags)
    return linker.link(body, EpochMs(1)).streams


def test_the_only_tag_of_a_kind_applies_to_every_sent_stream_of_that_kind() -> None:
    tags = [_tag("microphone", "audio", muted=True), _tag("camera", producer_id="P")]
    streams = _linked(ReportLinker(), tags, _sent(1, "audio"), _sent(2), _sent(3), _sent(4))
    assert [stream.description.producer_id for stream in streams] == [None, "P", "P", "P"]
    assert streams[0].description.tag is not None and streams[0].description.tag.muted


def test_a_stream_that_appears_with_a_second_tag_gets_that_tag() -> None:
    linker, camera = ReportLinker(), _tag("camera", producer_id="C")
    screen = _tag("screen", producer_id="S")
    _linked(linker, [camera], _sent(2))
    shared = _linked(linker, [screen, camera], _sent(2), _sent(9))
    assert [stream.description.family for stream in shared] == [CAMERA, SCREEN]
    assert [stream.description.producer_id for stream in shared] == ["C", "S"]
    after = _linked(linker, [_tag("camera", producer_id="C")], _sent(2), _sent(9))
    assert [stream.description.family for stream in after] == [CAMERA, SCREEN]
    assert [stream.description.producer_id for stream in after] == ["C", None]


def test_two_streams_that_appear_with_two_tags_are_not_matched() -> None:
    tags = [_tag("camera", muted=True), _tag("screen", muted=True)]
    streams = _linked(ReportLinker(), tags, _sent(2), _sent(9))
    assert [stream.description.tag for stream in streams] == [None, None]


@pytest.mark.parametrize("tag", [{"ssrc": 77}, {"direction": "receive"}, {"connection": "other"}])
def test_a_tag_of_another_stream_is_not_used(tag: dict[str, Any]) -> None:
    [stream] = _linked(ReportLinker(), [_tag("screen", **tag)], _sent(2))
    assert stream.description.tag is None


def test_a_stream_with_an_id_gets_no_tag_with_another_id() -> None:
    [stream] = _linked(ReportLinker(), [_tag("screen", mid="3")], _sent(2, mid="1"))
    assert stream.description.tag is None


def test_received_streams_are_matched_only_by_id() -> None:
    stats = Stats(type="inbound-rtp", id="I", kind="video", ssrc=5)
    [stream] = _linked(ReportLinker(), [_tag("screen", direction="receive")], stats)
    assert stream.description.tag is None
