import json
from typing import Any

import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.quality.getstats import decode_body
from aftercall.core.quality.streams import Family, Sample, normalise

Object = dict[str, Any]


def sample(*stats: Object, tags: list[Object] | None = None) -> Sample:
    body = {
        "connections": [{"id": "pc", "stats": list(stats)}],
        "streams": [{"connection": "pc"} | each for each in tags or []],
    }
    return normalise(decode_body(json.dumps(body).encode()), EpochMs(1))


def rtp(direction: str, **members: Any) -> Object:
    return {"id": "X", "type": f"{direction}-rtp", "kind": "video"} | members


def test_a_stream_is_linked_to_all_that_belongs_to_it() -> None:
    (stream,) = sample(
        rtp("outbound", ssrc=5, codecId="C", mediaSourceId="S", mid="1"),
        {"id": "C", "type": "codec", "mimeType": "video/VP8"},
        {"id": "S", "type": "media-source", "trackIdentifier": "track", "width": 640},
        {"id": "R", "type": "remote-inbound-rtp", "ssrc": 5, "localId": "X"},
    ).streams
    assert stream.key == ("pc", "send", 5)
    assert stream.codec is not None and stream.codec.mime_type == "video/VP8"
    assert stream.source is not None and stream.source.width == 640
    assert stream.remote is not None and stream.remote.id == "R"


def test_a_remote_report_without_a_link_belongs_to_its_ssrc() -> None:
    (stream,) = sample(
        rtp("outbound", ssrc=5), {"id": "R", "type": "remote-inbound-rtp", "ssrc": 5}
    ).streams
    assert stream.remote is not None


def test_dangling_links_are_none() -> None:
    (stream,) = sample(rtp("outbound", ssrc=5, codecId="gone", mediaSourceId="gone")).streams
    assert (stream.codec, stream.source, stream.remote, stream.tag) == (None,) * 4


@pytest.mark.parametrize("by", [{"ssrc": 5}, {"mid": "1"}, {"track_id": "track"}])
def test_a_tag_is_found_by_ssrc_else_mid_else_track(by: Object) -> None:
    other = {"direction": "send", "ssrc": 99, "source": "camera"}
    (stream,) = sample(
        rtp("inbound", ssrc=5, mid="1", trackIdentifier="track"),
        tags=[other, {"direction": "receive", "source": "screen", "peer_id": "p"} | by],
    ).streams
    assert stream.tag is not None and stream.tag.peer_id == "p"
    assert stream.family is Family.SCREENSHARE_VIDEO_CONSUMER


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
            assert stream.family == f"{name}_{end}"


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
def test_the_selected_pair_is_named_marked_or_the_nominated_one_in_use(
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


def test_a_connection_that_has_not_connected_has_no_pair() -> None:
    (connection,) = sample(_pair("P", state="in-progress")).connections
    assert connection.pair is None and connection.local_candidate is None
    assert len(connection.pairs) == 1
