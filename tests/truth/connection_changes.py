"""A call that moves to another connection: the streams of the one that ends, and of its
successor."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tests.truth.forwarding import between, cut
from tests.truth.network import Connection, Play, ReceivedTrack, SentTrack
from tests.truth.packet_flows import Flow
from tests.truth.scene import Scene

Again = Callable[[ReceivedTrack], ReceivedTrack]
"""Plays a received flow again."""


def change_connection(
    connection: Connection, at_s: float, gap_s: float, fresh_ssrc: Callable[[], int], again: Again
) -> Connection:
    """Ends a connection `at_s` and starts its replacement `gap_s` later. The tracks are the same,
    the SSRCs new."""
    begin_s, end_s = at_s + gap_s, connection.end_s
    heir = replace(connection, id=f"{connection.id}-2", begin_s=begin_s, sent=[], received=[])
    for track in connection.sent:
        heir.sent.append(_sent(track, begin_s, end_s, fresh_ssrc()))
    for received in connection.received:
        flow = between(received.flow, begin_s, end_s)
        later = replace(received, flow=flow, ssrc=fresh_ssrc(), heard=None, seen=None)
        heir.received.append(again(later))
    connection.sent = [
        _sent(track, connection.begin_s, at_s, track.stream.ssrc) for track in connection.sent
    ]
    connection.received = [
        again(replace(r, flow=between(r.flow, 0.0, at_s), heard=None, seen=None))
        for r in connection.received
    ]
    connection.end_s = at_s
    return heir


def _sent(track: SentTrack, begin_s: float, end_s: float, ssrc: int) -> SentTrack:
    stream = replace(cut(track.stream, begin_s, end_s), ssrc=ssrc)
    far: Flow = between(track.far, begin_s, end_s)
    resent = track.far.resent_at
    resent = resent[(resent >= begin_s) & (resent < end_s)]
    asked = track.asked[(track.asked >= begin_s) & (track.asked < end_s)]
    far = replace(far, stream=stream, resent_at=resent)
    return SentTrack(stream=stream, far=far, asked=np.asarray(asked))


def play_scene(scene: Scene) -> Play:
    """The simulation of a scene, with the participants who move to another connection."""
    play = Play(scene)
    for person in scene.people:
        if person.moves_s is not None:
            play.connections[person.name] += [
                change_connection(
                    connection,
                    person.moves_s,
                    0.3,
                    play.fresh_ssrc,
                    lambda received, who=person: play.play_again(received, who),  # type: ignore[misc]
                )
                for connection in play.connections[person.name]
            ]
            for connection in play.connections[person.name]:
                connection.kept_s = 1e9 if scene.server.keeps_idle else 1.0
    return play
