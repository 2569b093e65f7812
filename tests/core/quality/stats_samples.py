"""Samples of one or two streams, as a browser would report them."""

import json
from typing import Any

from aftercall.core.instants import EpochMs
from aftercall.core.quality.stats.getstats import decode_body
from aftercall.core.quality.stats.report_linker import Sample, normalise

START = 1_795_000_000_000

Object = dict[str, Any]


def sample(
    at_s: float,
    *objects: Object,
    tags: list[Object] | None = None,
    clock_s: float | None = None,
) -> Sample:
    """A sample taken `at_s` seconds into the call; `clock_s` is the time on the browser's clock."""
    stamp = START + (at_s if clock_s is None else clock_s) * 1000
    body = {
        "connections": [{"id": "pc", "stats": [{"timestamp": stamp} | each for each in objects]}],
        "streams": [{"connection": "pc"} | each for each in tags or []],
    }
    return normalise(decode_body(json.dumps(body).encode()), EpochMs(START + round(at_s * 1000)))


def inbound(kind: str = "audio", **members: Any) -> Object:
    return {"id": f"I{kind}", "type": "inbound-rtp", "ssrc": 7, "kind": kind} | members


def outbound(kind: str = "audio", **members: Any) -> Object:
    return {"id": f"O{kind}", "type": "outbound-rtp", "ssrc": 8, "kind": kind} | members
