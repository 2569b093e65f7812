"""Streams as a server forwards them: the chosen layer, rewritten sequence numbers, and only what
was sent while the listener was present."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tests.truth.encoding import Ints, SentStream
from tests.truth.media_sources import Voice
from tests.truth.packet_flows import Flow
from tests.truth.path_elements import Flags, Floats, Link, Spans, within


def ramped(begin_s: float, estimate: Floats) -> Floats:
    """The bandwidth estimate of a connection that started later, whose ramp starts later too."""
    shift = int(begin_s)
    if shift == 0:
        return estimate
    ramp = np.concatenate([np.full(shift, estimate[0]), estimate[:12]])[: len(estimate)]
    slowed: Floats = np.minimum(
        estimate, np.concatenate([ramp, np.full(len(estimate) - len(ramp), np.inf)])
    )
    return slowed


def cut(stream: SentStream, begin_s: float, end_s: float) -> SentStream:
    is_in = (stream.at >= begin_s) & (stream.at < end_s)
    return replace(
        stream, at=stream.at[is_in], sizes=stream.sizes[is_in], frame_of=stream.frame_of[is_in]
    )


def held(stream: SentStream, spans: Spans) -> SentStream:
    """Without what would be sent while the call is on hold."""
    if not spans:
        return stream
    is_in = ~within(stream.at, spans)
    return replace(
        stream,
        at=stream.at[is_in],
        sizes=stream.sizes[is_in],
        frame_of=stream.frame_of[is_in],
        frame_at=np.where(within(stream.frame_at, spans), np.nan, stream.frame_at),
    )


def between(flow: Flow, begin_s: float, end_s: float) -> Flow:
    is_in = (flow.sent >= begin_s) & (flow.sent < end_s)
    return taken(flow, is_in)


def taken(flow: Flow, is_in: Flags) -> Flow:
    return replace(
        flow,
        sent=flow.sent[is_in],
        sizes=flow.sizes[is_in],
        frame_of=flow.frame_of[is_in],
        arrived=flow.arrived[is_in],
        repaired=flow.repaired[is_in],
        resent_at=np.empty(0),
    )


def selected(layers: Sequence[Flow], level: Ints, closes: bool) -> Flow:
    """One stream made of the chosen layers, with its own sequence numbers."""
    parts = []
    for number, flow in enumerate(layers):
        second = np.minimum(flow.sent.astype(np.int64), len(level) - 1)
        parts.append(taken(flow, level[second] == number))
    sent = np.concatenate([part.sent for part in parts])
    order = np.argsort(sent, kind="stable")
    largest = parts[-1].stream
    if len(parts) > 1:
        second = np.minimum(np.nan_to_num(largest.frames.at), len(level) - 1).astype(np.int64)  # type: ignore[union-attr]
        chosen = level[second].clip(0)
        widths = np.stack([part.stream.widths for part in parts])
        heights = np.stack([part.stream.heights for part in parts])
        place = np.arange(len(chosen))
        largest = replace(largest, widths=widths[chosen, place], heights=heights[chosen, place])
    usable = np.concatenate([part.usable for part in parts])[order]
    flow = Flow(
        stream=largest,
        sent=sent[order],
        sizes=np.concatenate([part.sizes for part in parts])[order],
        frame_of=np.concatenate([part.frame_of for part in parts])[order],
        arrived=usable,
        repaired=np.full(len(usable), np.nan),
        resent_at=np.empty(0),
    )
    return closed(flow) if closes else flow


def closed(flow: Flow) -> Flow:
    """The packets that a receiver sees behind a server that renumbers them: none that never reached
    the server. Frames that arrived in part are not shown."""
    if flow.stream.kind == "audio":
        return taken(flow, ~np.isnan(flow.arrived))
    broken = np.unique(flow.frame_of[np.isnan(flow.arrived)])
    return taken(flow, ~np.isin(flow.frame_of, broken))


def last_spoke(voice: Voice | None, seconds: Ints) -> Floats:
    if voice is None:
        return np.full(len(seconds), -1.0)
    words = np.flatnonzero(voice.is_speech) * 0.02
    place = np.searchsorted(words, seconds, side="right") - 1
    return np.where(place >= 0, words[place.clip(0)] if len(words) else -1.0, -1.0)


def fit(flags: Flags, length: int) -> Flags:
    return np.concatenate([flags, np.zeros(max(0, length - len(flags)), dtype=np.bool_)])[:length]


def merged(one: Floats, other: Floats) -> Floats:
    """Requests for keyframes, at most one a second."""
    every = np.sort(np.concatenate([one, other]))
    return every[np.diff(every, prepend=-10.0) > 1.0] if len(every) else every


def passed(asked: Floats, links: Sequence[Link]) -> Floats:
    """Those requests that get through."""
    now = asked
    for link in links:
        now = link.carry(now, np.zeros(len(now)))
    return np.sort(now[~np.isnan(now)])
