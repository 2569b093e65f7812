import json
from typing import Any

import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.quality.stats.getstats import (
    ConnectionBody,
    SampleBody,
    Stats,
    StreamTag,
    decode_body,
)
from aftercall.core.quality.stats.report_linker import (
    Family,
    ReportLinker,
    Sample,
    Stream,
    normalise,
)

Object = dict[str, Any]


def sample(*stats: Object, tags: list[Object] | None = None) -> Sample:
    body = {
        "connections": [{"id": "pc", "stats": list(stats)}],
        "streams": [{"connection": "pc"} | each for each in tags or []],
    }
    return normalise(decode_body(json.dumps(body).encode()), EpochMs(1))


def rtp(direction: str, **members: Any) -> Object:
    return {"id": "X", "type": f"{direction}-rtp", "kind": "video"} | members


def test_a_stream_is_linked_to_its_codec_source_and_remote_report() -> None:
    (stream,) = sample(
        rtp("outbound", ssrc=5, codecId="C", mediaSourceId="S", mid="1"),
        {"id": "C", "type": "codec", "mimeType": "video/VP8"},
        {"id": "S", "type": "media-source", "trackIdentifier": "track", "width": 640},
        {"id": "R", "type": "remote-inbound-rtp", "ssrc": 5, "localId": "X"},
    ).streams
    assert stream.description.key == ("pc", "send", 5)
    assert stream.description.subtype == "vp8"
    assert stream.source is not None and stream.source.width == 640
    assert stream.remote is not None and stream.remote.id == "R"


def test_a_remote_report_without_local_id_is_linked_by_ssrc() -> None:
    (stream,) = sample(
        rtp("outbound", ssrc=5), {"id": "R", "type": "remote-inbound-rtp", "ssrc": 5}
    ).streams
    assert stream.remote is not None


def test_dangling_links_give_none() -> None:
    (stream,) = sample(rtp("outbound", ssrc=5, codecId="gone", mediaSourceId="gone")).streams
    assert (stream.description.codec, stream.source, stream.remote, stream.description.tag) == (
        None,
    ) * 4


@pytest.mark.parametrize("by", [{"ssrc": 5}, {"mid": "1"}, {"track_id": "track"}])
def test_a_tag_is_matched_by_ssrc_else_mid_else_track(by: Object) -> None:
    other = {"direction": "send", "ssrc": 99, "source": "camera"}
    (stream,) = sample(
        rtp("inbound", ssrc=5, mid="1", trackIdentifier="track"),
        tags=[other, {"direction": "receive", "source": "screen", "peer_id": "p"} | by],
    ).streams
    assert stream.description.peer_id == "p"
    assert stream.description.family is Family.SCREENSHARE_VIDEO_CONSUMER


def test_every_stream_has_one_of_eight_families() -> None:
    for kind, source, name in (
        ("audio", "microphone", "audio"),
        ("video", "camera", "video"),
        ("audio", "screen_audio", "screenshare_audio"),
        ("video", "screen", "screenshare_video"),
    ):
        for direction, tagged, end in (
            ("outbound", "send", "producer"),
            ("inbound", "receive", "consumer"),
        ):
            (stream,) = sample(
                rtp(direction, ssrc=5, kind=kind),
                tags=[{"direction": tagged, "ssrc": 5, "source": source}],
            ).streams
            assert stream.description.family == f"{name}_{end}"


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_an_untagged_screenshare_is_recognised_by_its_content_type(direction: str) -> None:
    way = "receive" if direction == "inbound" else "send"
    end = "consumer" if direction == "inbound" else "producer"
    screen, camera = Family(f"screenshare_video_{end}"), Family(f"video_{end}")

    def family(content_type: str, **tag: Any) -> Family:
        stats = rtp(direction, ssrc=5, contentType=content_type)
        (stream,) = sample(stats, tags=[{"direction": way, "ssrc": 5, **tag}]).streams
        return stream.description.family

    assert family("screenshare") is family("screenshare", producer_id="P") is screen
    assert family("unspecified") is camera
    assert family("screenshare", source="camera") is camera
    assert family("unspecified", source="screen") is screen


def test_a_stream_that_becomes_a_screenshare_changes_its_family() -> None:
    linker = ReportLinker()
    screen = _received(content_type="screenshare")
    families = [
        stream.description.family
        for stats in (_received(), screen, screen, _received())
        for stream in _linked(linker, [], stats)
    ]
    shared = Family.SCREENSHARE_VIDEO_CONSUMER
    assert families == [Family.VIDEO_CONSUMER, shared, shared, Family.VIDEO_CONSUMER]


def test_a_stream_of_no_known_kind_is_left_out() -> None:
    assert sample(rtp("inbound", kind="hologram"), rtp("inbound", kind=None)).streams == []


def _pair(pair_id: str, **members: Any) -> Object:
    return {"id": pair_id, "type": "candidate-pair"} | members


@pytest.mark.parametrize(
    "objects",
    [
        [
            {"id": "T", "type": "transport", "selectedCandidatePairId": "P"},
            _pair("Q", nominated=True),
        ],
        [_pair("Q", nominated=True, state="succeeded"), _pair("P", selected=True)],
        [_pair("Q", nominated=True, bytesSent=1), _pair("P", nominated=True, bytesSent=2)],
        [_pair("Q", nominated=True, state="failed"), _pair("P", nominated=True)],
    ],
)
def test_the_selected_pair_is_named_marked_or_nominated(
    objects: list[Object],
) -> None:
    pair = {"localCandidateId": "L", "remoteCandidateId": "R"}
    given = [each | pair if each["id"] == "P" else each for each in objects]
    if not any(each["id"] == "P" for each in given):
        given.append(_pair("P", **pair))
    (connection,) = sample(
        *given,
        {"id": "L", "type": "local-candidate", "candidateType": "relay"},
        {"id": "R", "type": "remote-candidate", "candidateType": "host"},
    ).connections
    assert connection.pair is not None and connection.pair.id == "P"
    assert connection.local_candidate is not None
    assert connection.local_candidate.candidate_type == "relay"
    assert connection.remote_candidate is not None


def test_a_connection_that_never_connected_has_no_pair() -> None:
    (connection,) = sample(_pair("P", state="in-progress")).connections
    assert connection.pair is None and connection.local_candidate is None
    assert len(connection.pairs) == 1


def _linked(linker: ReportLinker, tags: list[StreamTag], *stats: Stats) -> list[Stream]:
    body = SampleBody(connections=[ConnectionBody(id="pc", stats=list(stats))], streams=tags)
    return linker.link(body, EpochMs(1)).streams


def _received(**members: Any) -> Stats:
    return Stats(type="inbound-rtp", id="I", kind="video", ssrc=5, codec_id="C", **members)


def _codec(mime_type: str) -> Stats:
    return Stats(type="codec", id="C", mime_type=mime_type)


def _tag(**members: Any) -> StreamTag:
    return StreamTag(connection="pc", direction="receive", ssrc=5, **members)


def test_a_repeated_description_is_the_same_object() -> None:
    linker, tags = ReportLinker(), [_tag(muted=False)]
    [first] = _linked(linker, tags, _received(mid="1"), _codec("video/VP8"))
    [again] = _linked(linker, tags, _received(mid="1"), _codec("video/VP8"))
    assert again.description is first.description
    [retagged] = _linked(linker, [_tag(muted=False)], _received(mid="1"), _codec("video/VP8"))
    assert retagged.description is first.description


def test_a_changed_mid_codec_or_tag_changes_the_description() -> None:
    linker, tags = ReportLinker(), [_tag()]
    [first] = _linked(linker, tags, _received(mid="1"), _codec("video/VP8"))
    [moved] = _linked(linker, tags, _received(mid="2"), _codec("video/VP8"))
    assert (first.description.mid, moved.description.mid) == ("1", "2")
    [recoded] = _linked(linker, tags, _received(mid="2"), _codec("video/VP9"))
    assert recoded.description.subtype == "vp9"
    [muted] = _linked(linker, [_tag(muted=True)], _received(mid="2"), _codec("video/VP9"))
    assert muted.description.tag is not None and muted.description.tag.muted
    [other] = _linked(linker, [_tag(source="screen")], _received(mid="2"), _codec("video/VP9"))
    assert other.description.family is Family.SCREENSHARE_VIDEO_CONSUMER


def test_a_client_score_does_not_change_the_description() -> None:
    linker = ReportLinker()
    scored = [_tag(score=0.25)]
    [first] = _linked(linker, scored, _received())
    [again] = _linked(linker, scored, _received())
    [better] = _linked(linker, [_tag(score=0.75)], _received())
    assert first.description is again.description is better.description
    assert [each.score for each in (first, again, better)] == [0.25, 0.25, 0.75]


def test_a_connection_that_returns_is_linked_again() -> None:
    linker = ReportLinker()
    _linked(linker, [_tag(muted=False)], _received())
    linker.link(SampleBody(streams=(tags := [_tag(muted=True)])), EpochMs(1))
    [back] = _linked(linker, tags, _received())
    assert back.description.tag is not None and back.description.tag.muted
