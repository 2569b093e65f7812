"""Two reports show trouble where the catalogue of issues would, and none in a clean call."""

import pytest

from aftercall.core.alerts.screening import is_suspicious
from aftercall.core.records import StoredSample
from tests.core.quality.synthetic_call import FINE, Call, PeerConditions, always

TROUBLE = {
    "uplink loss": PeerConditions(up_loss=0.12),
    "downlink loss": PeerConditions(down_loss=0.12),
    "round trip": PeerConditions(rtt_s=0.6),
    "jitter": PeerConditions(jitter_s=0.08),
    "processor": PeerConditions(is_cpu_bound=True),
    "concealment": PeerConditions(conceals=0.1),
    "freezes": PeerConditions(freezes=0.5),
    "not heard": PeerConditions(sends_audio=False),
}


def _samples(call: Call, name: str) -> list[StoredSample]:
    return list(call.facts(name).samples)


def _is_found(call: Call, distance: int) -> bool:
    return any(
        is_suspicious(earlier.body, later.body)
        for name in ("ada", "bob", "cyd")
        for samples in [_samples(call, name)[3:]]
        for earlier, later in zip(samples, samples[distance:], strict=False)
    )


@pytest.mark.parametrize("distance", [1, 3])
@pytest.mark.parametrize("name", TROUBLE)
def test_trouble_is_found(name: str, distance: int) -> None:
    bad = TROUBLE[name]
    switched = (lambda t: bad if t > 60 else FINE) if name == "not heard" else always(bad)
    call = Call({"ada": switched, "bob": always(FINE), "cyd": always(FINE)}, minutes=3)
    assert _is_found(call, distance)


@pytest.mark.parametrize("distance", [1, 3])
def test_nothing_is_found_in_a_clean_call(distance: int) -> None:
    assert not _is_found(Call(["ada", "bob", "cyd"], minutes=5), distance)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"connections": 1}', b"\xff", b"{}"])
def test_what_cannot_be_read_is_no_trouble(body: bytes) -> None:
    assert not is_suspicious(body, body)
