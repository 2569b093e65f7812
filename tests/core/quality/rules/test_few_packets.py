"""What passes too seldom for a share of it to mean anything."""

import pytest

from aftercall.core.quality.issues import IssueName
from tests.core.quality.peer_builder import StatsObject, issues_of, peer_of, tag


def received(packets: int, lost: int, intervals: int = 8) -> StatsObject:
    step = {
        "packetsReceived": packets,
        "packetsLost": lost,
        "bytesReceived": 900 * packets,
        "framesDecoded": packets,
    }
    fixed = {"kind": "video", "ssrc": 1, "jitter": 0.003}
    return StatsObject(type="inbound-rtp", id="I", fixed=fixed, steps=[step] * intervals)


@pytest.mark.parametrize(("packets", "lost", "is_bad"), [(9, 1, False), (900, 100, True)])
def test_one_lost_packet_of_ten_is_no_network_issue(packets: int, lost: int, is_bad: bool) -> None:
    facts = peer_of([received(packets, lost)], tags=[tag("receive", 1, "camera")])
    assert bool(issues_of(facts, IssueName.POOR_NETWORK_DOWNLINK)) is is_bad


@pytest.mark.parametrize(("limited_s", "is_slow"), [(0, False), (9, True)])
def test_a_screenshare_has_a_low_frame_rate_only_if_its_encoder_was_limited(
    limited_s: int, is_slow: bool
) -> None:
    step = {
        "packetsSent": 100,
        "bytesSent": 90_000,
        "framesEncoded": 15,
        "qualityLimitationDurations": {"cpu": limited_s, "none": 10 - limited_s},
    }
    fixed = {"kind": "video", "ssrc": 1, "mediaSourceId": "S", "qualityLimitationReason": "none"}
    source = {"kind": "video", "framesPerSecond": 15, "width": 1280, "height": 720}
    things = [
        StatsObject(type="outbound-rtp", id="O", fixed=fixed, steps=[step] * 8),
        StatsObject(type="media-source", id="S", fixed=source, steps=[{}] * 8),
    ]
    facts = peer_of(things, tags=[tag("send", 1, "screen")])
    assert bool(issues_of(facts, IssueName.LOW_FRAME_RATE)) is is_slow
