"""The activity of a connection, from the reports of its peer."""

from typing import Any

import pytest

from aftercall.core.quality.activity.connection_activity import ConnectionActivityReader
from aftercall.core.quality.activity.stream_activity import ConnectionActivity, TransportAddress
from aftercall.core.quality.intervals.deltas import IntervalReader
from aftercall.core.spans import Span
from tests.core.quality.stats_samples import START, inbound, sample

Object = dict[str, Any]


def transport(**members: Any) -> Object:
    return {
        "id": "T",
        "type": "transport",
        "selectedCandidatePairId": "P",
        "iceRole": "controlling",
        "dtlsState": "connected",
        **members,
    }


def pair(rtt_s: float = 0.05, remote: str = "R") -> Object:
    return {
        "id": "P",
        "type": "candidate-pair",
        "state": "succeeded",
        "nominated": True,
        "localCandidateId": "L",
        "remoteCandidateId": remote,
        "currentRoundTripTime": rtt_s,
        "responsesReceived": 1,
    }


def candidate(side: str, address: str | None, port: int) -> Object:
    named = {} if address is None else {"address": address}
    return {"id": side[0].upper(), "type": f"{side}-candidate", "port": port, **named}


def traced(*reports: tuple[float, list[Object]]) -> ConnectionActivity:
    traces, reader = ConnectionActivityReader("ada"), IntervalReader()
    for at_s, objects in reports:
        each = sample(at_s, *objects)
        traces.take(each)
        reader.take(each)
    [found] = traces.finish(reader.read().tables)
    return found


def seconds(spans: list[Span]) -> list[tuple[float, float]]:
    return [((start - START) / 1000, (end - START) / 1000) for start, end in spans]


def arriving(*kilobytes: float) -> ConnectionActivity:
    """A connection that counts so much in all at each report, 7 s apart."""
    return traced(
        *((7 * n, [transport(bytesReceived=round(1000 * kb))]) for n, kb in enumerate(kilobytes))
    )


def test_a_connection_is_silent_quiet_or_busy_by_received_bytes() -> None:
    found = arriving(0, 100, 100, 105, 205)
    assert seconds(found.silent) == [(7, 14)]
    assert seconds(found.quiet) == [(7, 21)]
    assert seconds(found.busy) == [(0, 7), (21, 28)]
    assert seconds(found.reported) == [(0, 28)]
    assert found.pace_ms == 7_000


def test_a_gap_between_samples_has_no_activity() -> None:
    found = traced(
        *((at_s, [transport(bytesReceived=0)]) for at_s in (0, 7, 100, 107)),
    )
    assert seconds(found.reported) == [(0, 7), (100, 107)]
    assert seconds(found.silent) == [(0, 7), (100, 107)]


@pytest.mark.parametrize(
    ("voice_bytes", "unlisted"), [(20_000, []), (4_000, [(0, 28)])], ids=["listed", "in part"]
)
def test_bytes_beyond_those_of_the_listed_streams_are_unlisted(
    voice_bytes: int, unlisted: list[tuple[float, float]]
) -> None:
    # 350 audio packets with their headers are some 37 kB in 7 s; the rest is video.
    arrived = 37_000 if not unlisted else 300_000
    found = traced(
        *(
            (
                7 * n,
                [
                    transport(bytesReceived=arrived * n),
                    inbound(bytesReceived=voice_bytes * n, packetsReceived=350 * n),
                ],
            )
            for n in range(5)
        )
    )
    assert seconds(found.unlisted) == unlisted


def test_an_rtt_far_above_the_usual_one_is_slow() -> None:
    found = traced(
        *(
            (7 * n, [transport(), pair(rtt_s)])
            for n, rtt_s in enumerate([0.05, 0.05, 0.4, 0.05, 0.06])
        )
    )
    assert seconds(found.slow) == [(7, 14)]


def test_transport_ends_are_addresses_and_ports_without_mdns_names() -> None:
    found = traced(
        (
            0,
            [
                transport(),
                pair(),
                candidate("local", "0b2c.local", 5_000),
                candidate("remote", "203.0.113.7", 6_000),
            ],
        ),
        (7, [transport(), pair()]),
    )
    assert (found.own, found.chosen) == (
        [TransportAddress(None, 5_000)],
        [TransportAddress("203.0.113.7", 6_000)],
    )
    assert found.roles == ["controlling"]
