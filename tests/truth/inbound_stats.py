"""What a receiver's browser reports of a stream."""

import numpy as np

from tests.truth.network import ReceivedTrack
from tests.truth.path_elements import Floats
from tests.truth.receiver import SAMPLES, PlayedAudio, ShownVideo, count
from tests.truth.stats_items import Item, before, first, summed


def inbound(received: ReceivedTrack, number: int, at: Floats) -> Item:
    flow = received.flow
    counted = count(flow, at)
    columns = {
        "packetsReceived": counted.received,
        "packetsLost": counted.lost,
        "bytesReceived": counted.bytes,
        "jitter": counted.jitter,
    }
    if received.heard is not None:
        columns |= _played(received.heard, at)
        if not received.is_played:
            columns |= {name: np.zeros(len(at)) for name in _OF_PLAYING}
            columns["packetsDiscarded"] = np.maximum(counted.received - _MOST_WAITING, 0)
    if received.seen is not None:
        columns |= _shown(received.seen, at)
        missed = np.isnan(flow.arrived) & ~np.isnan(flow.sent)
        columns |= {
            "retransmittedPacketsReceived": counted.repaired,
            "retransmittedBytesReceived": counted.repaired_bytes,
            "nackCount": np.ceil(before(flow.sent[missed], at) / 2) if flow.is_gap else at * 0,
        }
    fixed = {
        "kind": flow.stream.kind,
        "ssrc": received.ssrc,
        "mid": f"r{number}",
        "trackIdentifier": received.track,
        "codecId": f"C{flow.stream.kind}",
        "transportId": "T01",
    }
    if flow.stream.source == "screen" and received.tells_content:
        fixed["contentType"] = "screenshare"
    return Item(
        type="inbound-rtp",
        id=f"I{received.ssrc}",
        fixed=fixed,
        columns=columns,
        is_there=(counted.received > 0) & (at < received.until_s),
        made_at=at,
    )


_OF_PLAYING = (
    *("totalSamplesReceived", "concealedSamples", "silentConcealedSamples", "concealmentEvents"),
    *("jitterBufferDelay", "jitterBufferEmittedCount", "audioLevel", "totalAudioEnergy"),
)
"""Counters that do not change while no audio is played."""
_MOST_WAITING = 200
"""Packets in a jitter buffer; when it is full it is emptied."""


def _played(heard: PlayedAudio, at: Floats) -> dict[str, Floats]:
    due = np.maximum.accumulate(heard.due) if len(heard.due) else heard.due
    begin = first(due)
    made_up = summed(due, heard.is_made_up * float(SAMPLES), at)
    silent = summed(due, heard.is_silent * float(SAMPLES), at)
    total = np.where(at > begin, np.floor((at - begin) * 100) * 480, 0.0)
    empty = np.maximum(total - before(due, at) * SAMPLES, 0.0)
    empty = np.maximum.accumulate(np.where(empty < 4 * SAMPLES, 0.0, empty))
    played = summed(due, ~heard.is_made_up * float(SAMPLES), at)
    return {
        "totalSamplesReceived": np.maximum(total, made_up + empty),
        "concealedSamples": made_up + empty,
        "silentConcealedSamples": silent + empty,
        "concealmentEvents": summed(due, heard.is_new.astype(np.float64), at),
        "jitterBufferDelay": summed(due, heard.waits * SAMPLES, at),
        "jitterBufferEmittedCount": played,
        "packetsDiscarded": summed(due, (heard.is_late & ~heard.is_new) * 0.2, at),
        "audioLevel": _level(heard, due, at),
        "totalAudioEnergy": summed(due, heard.levels**2 * 0.02, at),
    }


def _level(heard: PlayedAudio, due: Floats, at: Floats) -> Floats:
    if not len(due):
        return np.zeros(len(at))
    place = (before(due, at) - 1).clip(0).astype(np.int64)
    recent = np.stack([heard.levels[(place - k).clip(0)] for k in range(5)]).max(axis=0)
    return np.where(at - due[place] < 0.3, recent, 0.0)


def _shown(seen: ShownVideo, at: Floats) -> dict[str, Floats]:
    so_far = before(seen.shown, at)
    place = (so_far - 1).clip(0).astype(np.int64)
    unknown = np.full(len(at), np.nan)
    is_any = so_far > 0
    dropped = np.sort(seen.dropped_at)
    fps = so_far - before(seen.shown, at - 1)
    return {
        "framesDecoded": so_far + before(dropped, at),
        "framesDropped": before(dropped, at),
        "keyFramesDecoded": summed(seen.shown, seen.is_key.astype(np.float64), at),
        "frameWidth": np.where(is_any, seen.widths[place], np.nan) if len(seen.shown) else unknown,
        "frameHeight": np.where(is_any, seen.heights[place], np.nan)
        if len(seen.shown)
        else unknown,
        "framesPerSecond": np.where(fps > 0, fps, np.nan),
        "freezeCount": before(seen.freezes_at, at),
        "totalFreezesDuration": summed(seen.freezes_at, seen.freeze_s, at),
        "jitterBufferDelay": summed(seen.shown, seen.waits, at),
        "jitterBufferEmittedCount": so_far,
        "pliCount": before(seen.lost_picture_at, at),
        "firCount": np.zeros(len(at)),
        "totalDecodeTime": so_far * 0.004,
    }
