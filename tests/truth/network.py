"""The simulation of a call: every stream from its encoder over the paths to every receiver."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count as counting

import numpy as np

from tests.truth.encoding import Encoder, Ints, SentStream, estimates, picture, sound
from tests.truth.forwarding import (
    between,
    cut,
    fit,
    held,
    last_spoke,
    merged,
    passed,
    ramped,
    selected,
    taken,
)
from tests.truth.media_sources import Frames, camera_frames, screen_frames, voices
from tests.truth.packet_flows import Flow, carry, start
from tests.truth.path_elements import Flags, Floats, Link, within
from tests.truth.receiver import PlayedAudio, ShownVideo, listen, watch
from tests.truth.scene import Person, Scene

LAYERS = (
    ("q", 0.25, 150_000.0, 0.0),
    ("h", 0.5, 500_000.0, 550_000.0),
    ("f", 1.0, 1_500_000.0, 1_600_000.0),
)
"""Of simulcast: rid, part of the width, most bit/s, from which estimate on it is sent."""
SOUND_BPS = 40_000.0


@dataclass(eq=False, kw_only=True)
class SentTrack:
    stream: SentStream
    far: Flow
    """The stream as it arrived at the other end of the connection."""
    asked: Floats = field(default_factory=lambda: np.empty(0))
    """When a key frame was asked for."""


@dataclass(eq=False, kw_only=True)
class ReceivedTrack:
    sender: str
    flow: Flow
    ssrc: int
    heard: PlayedAudio | None = None
    seen: ShownVideo | None = None
    is_wanted: Flags = field(default_factory=lambda: np.empty(0, dtype=np.bool_))
    """By second, whether the server was to forward it."""
    track: str = ""
    is_played: bool = True
    tells_content: bool = True
    until_s: float = np.inf
    """When it disappears from the listener's samples, because its sender left."""


@dataclass(eq=False, kw_only=True)
class Connection:
    """One `RTCPeerConnection` of a participant."""

    id: str
    owner: Person
    remote: str
    out: list[Link]
    back: list[Link]
    """The links to the other end, and from it."""
    begin_s: float
    end_s: float
    estimate: Floats
    """What the sender thinks it can send, bit/s by second."""
    reports: str = "true"
    """What the other end reports of what it received, as `Server.reports`."""
    kept_s: float = 1.0
    """How long it stays in the reports after its end."""
    sent: list[SentTrack] = field(default_factory=list)
    received: list[ReceivedTrack] = field(default_factory=list)

    def rtts(self, at: Floats) -> Floats:
        """RTTs, NaN where no packets return."""
        total = np.zeros(len(at))
        for link in (*self.out, *self.back):
            total = total + link.delays(at)
        return total


class Play:
    """A scene carried out with the chances of its seed."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.rng = np.random.default_rng([scene.seed, sum(scene.name.encode())])
        self.voices = voices(scene.people, scene.length_s, self.rng)
        self._ssrcs = counting(int(self.rng.integers(1 << 20, 1 << 30)), 7919)
        self._up = {p.name: Link(p.up, self.rng) for p in scene.people}
        self._down = {p.name: Link(p.down, self.rng) for p in scene.people}
        self._edges: dict[tuple[str, str], Link] = {}
        self.cameras: dict[str, Frames] = {}
        self.screens: dict[str, Frames] = {}
        for person in scene.people:
            if person.camera is not None:
                self.cameras[person.name] = camera_frames(person.camera, scene.length_s, self.rng)
            if person.screen is not None:
                self.screens[person.name] = screen_frames(person.screen, scene.length_s, self.rng)
        self.connections: dict[str, list[Connection]] = {p.name: [] for p in scene.people}
        if scene.topology == "server":
            self._over_server()
        else:
            self._directly()

    def fresh_ssrc(self) -> int:
        return next(self._ssrcs)

    def _end(self, person: Person) -> float:
        return self.scene.length_s if person.leaves_s is None else person.leaves_s

    # Sending ------------------------------------------------------------------------------

    def _connection(
        self,
        person: Person,
        remote: str,
        out: list[Link],
        back: list[Link],
        share: float,
        reports: str = "true",
    ) -> Connection:
        length_s, knows = self.scene.length_s, reports == "true"
        made = Connection(
            id=f"pc{len(self.connections[person.name]) + 1}",
            owner=person,
            remote=remote,
            out=out,
            back=back,
            begin_s=person.joins_s,
            end_s=self._end(person),
            estimate=ramped(
                person.joins_s, estimates(out, length_s, share, self.rng, knows_loss=knows)
            ),
            reports=reports,
        )
        self.connections[person.name].append(made)
        return made

    def _streams(self, connection: Connection) -> list[SentStream]:
        """What a person sends on a connection."""
        person, found = connection.owner, []
        name = person.name
        if person.microphone is not None:
            found.append(
                sound(
                    self.voices[name],
                    owner=name,
                    ssrc=next(self._ssrcs),
                    track=f"{name}-microphone",
                    mid="0",
                    dtx=person.microphone.has_dtx,
                    rng=self.rng,
                )
            )
        room = np.maximum(connection.estimate - SOUND_BPS, 50_000.0)
        if person.screen is not None:
            encoder = Encoder(most_bps=person.screen.most_bps, is_screen=True)
            found.append(self._picture(name, "screen", self.screens[name], room, encoder, "2"))
            room = np.maximum(room * 0.5, room - person.screen.most_bps)
        if person.camera is not None:
            slow, frames = person.slow_encoder, self.cameras[name]
            if person.camera.has_simulcast:
                for rid, scale, most_bps, least_bps in LAYERS:
                    encoder = Encoder(
                        most_bps=most_bps, least_bps=least_bps, scale=scale, slow=slow, rid=rid
                    )
                    found.append(self._picture(name, "camera", frames, room, encoder, "1"))
            else:
                encoder = Encoder(most_bps=person.camera.most_bps, slow=slow)
                found.append(self._picture(name, "camera", frames, room, encoder, "1"))
        whole = [held(each, person.held) for each in found]
        return [cut(each, connection.begin_s, connection.end_s) for each in whole]

    def _picture(
        self, name: str, source: str, frames: Frames, room: Floats, encoder: Encoder, mid: str
    ) -> SentStream:
        return picture(
            frames,
            room,
            encoder,
            owner=name,
            ssrc=next(self._ssrcs),
            track=f"{name}-{source}",
            mid=mid,
            rng=self.rng,
        )

    # Peer to peer -------------------------------------------------------------------------

    def _directly(self) -> None:
        people = self.scene.people
        ends: dict[tuple[str, str], Connection] = {}
        for one in people:
            for other in people:
                if one is other or self.scene.participant(one.name) == self.scene.participant(
                    other.name
                ):
                    continue
                out = [self._up[one.name], self._edge(one, other), self._down[other.name]]
                back = [self._up[other.name], self._edge(other, one), self._down[one.name]]
                made = self._connection(one, other.name, out, back, 1 / (len(people) - 1))
                made.begin_s = max(one.joins_s, other.joins_s)
                made.end_s = min(self._end(one), self._end(other))
                ends[one.name, other.name] = made
        flows: dict[tuple[str, str], list[Flow]] = {}
        for pair, connection in ends.items():
            flows[pair] = [start(stream) for stream in self._streams(connection)]
        for link_of, which in ((self._up, 0), (self._down, 1)):
            for name, link in link_of.items():
                shared = [f for pair, some in flows.items() if pair[which] == name for f in some]
                carry([link], shared, 0.0, attempts=0)
            if which == 0:
                for pair, edge in self._edges.items():
                    carry([edge], flows[pair], 0.0, attempts=0)
        for pair, some in flows.items():
            connection = ends[pair]
            for flow in some:
                rtt_s = self._rtt(connection)
                self._repair_directly(connection, flow, rtt_s)
                track = SentTrack(stream=flow.stream, far=flow)
                connection.sent.append(track)
                received = self._received(pair[1], pair[0], flow, flow.stream.ssrc, rtt_s)
                if received.seen is not None:
                    track.asked = passed(received.seen.lost_picture_at, connection.back)
                if (pair[1], pair[0], flow.stream.kind) not in self.scene.server.unrouted:
                    ends[pair[1], pair[0]].received.append(received)

    def _edge(self, one: Person, other: Person) -> Link:
        pair = (one.name, other.name)
        if pair not in self._edges:
            self._edges[pair] = Link(self.scene.edges.get(pair, ()), self.rng)
        return self._edges[pair]

    def _repair_directly(self, connection: Connection, flow: Flow, rtt_s: float) -> None:
        if flow.stream.kind == "video":
            flow.repair(connection.out, flow.sent, rtt_s)

    def _rtt(self, connection: Connection) -> float:
        at = np.linspace(connection.begin_s, max(connection.begin_s + 1, connection.end_s), 12)
        rtts = connection.rtts(at)
        return float(np.nanmedian(rtts)) if not np.isnan(rtts).all() else 0.1

    # Over a server ------------------------------------------------------------------------

    def _over_server(self) -> None:
        server = self.scene.server
        before = {p.name: Link(server.before, self.rng) for p in self.scene.people}
        after = {p.name: Link(server.after, self.rng) for p in self.scene.people}
        come: dict[str, list[Flow]] = {}
        for person in self.scene.people:
            out = [self._up[person.name], before[person.name]]
            back = [after[person.name], self._down[person.name]]
            connection = self._connection(person, "server", out, back, 1.0, server.reports)
            rtt_s = self._rtt(connection)
            some = [start(stream) for stream in self._streams(connection)]
            carry(out, some, rtt_s)
            connection.sent = [SentTrack(stream=flow.stream, far=flow) for flow in some]
            come[person.name] = some
            if server.has_two_connections:
                self._connection(person, "server", out, back, 1.0)
        for person in self.scene.people:
            self._forward(self.connections[person.name][-1], come, after[person.name])

    def _forward(
        self, connection: Connection, come: Mapping[str, Sequence[Flow]], after: Link
    ) -> None:
        """The streams that one listener receives from all others."""
        scene, listener = self.scene, connection.owner
        out = [after, self._down[listener.name]]
        budget = estimates(out, scene.length_s, 1.0, self.rng)
        shown = self._shown(listener)
        flows: list[tuple[str, Flow, Flags]] = []
        for sender in scene.people:
            if scene.participant(sender.name) == scene.participant(listener.name):
                continue
            by_source: dict[str, list[Flow]] = {}
            for flow in come[sender.name]:
                by_source.setdefault(flow.stream.source, []).append(flow)
            for source, layers in by_source.items():
                kind = layers[0].stream.kind
                if (listener.name, sender.name, kind) in scene.server.unrouted:
                    continue
                level = self._levels(layers, shown.get(sender.name), budget, len(come) - 1)
                if source != "camera":
                    level = np.zeros(len(level), dtype=np.int64)
                flow = selected(layers, level, scene.server.closes_gaps)
                stop_s = scene.server.stopped.get((listener.name, sender.name, kind), np.inf)
                flow = between(flow, connection.begin_s, min(connection.end_s, stop_s))
                flow = taken(flow, ~within(flow.sent, listener.held))
                flows.append((sender.name, flow, level >= 0))
        rtt_s = self._rtt(connection)
        carry(out, [flow for _, flow, _ in flows], rtt_s)
        for sender_name, flow, is_wanted in flows:
            ssrc = flow.stream.ssrc if scene.server.keeps_ssrc else next(self._ssrcs)
            received = self._received(listener.name, sender_name, flow, ssrc, rtt_s)
            received.is_wanted = is_wanted
            stopped = (listener.name, sender_name, flow.stream.kind)
            if scene.server.forgets_stopped and stopped in scene.server.stopped:
                received.until_s = scene.server.stopped[stopped]
            received.track = f"{listener.name}-{flow.stream.track}"
            received.tells_content = scene.server.tags is not None
            connection.received.append(received)
            if received.seen is not None:
                back = [self._up[listener.name], self._down[sender_name]]
                asked = passed(received.seen.lost_picture_at, back)
                for track in self.connections[sender_name][0].sent:
                    if track.stream.source == flow.stream.source:
                        track.asked = merged(track.asked, asked)

    def _shown(self, listener: Person) -> dict[str, Floats]:
        """By sender and second how prominently a listener shows a camera: 2 large, 1 small, 0 not
        at all. Nothing of those always shown large."""
        server = self.scene.server
        if server.last_n is None and not server.thumbnails:
            return {}
        seconds = np.arange(int(self.scene.length_s) + 2)
        names = [p.name for p in self.scene.people if p is not listener]
        spoke = np.stack([last_spoke(self.voices.get(name), seconds) for name in names])
        spoke = spoke + np.arange(len(names))[::-1, None] * 1e-3
        rank = (-spoke).argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
        most = len(names) if server.last_n is None else server.last_n
        large = 1 if server.thumbnails else most
        return {
            name: np.where(rank[n] < large, 2.0, np.where(rank[n] < most, 1.0, 0.0))
            for n, name in enumerate(names)
        }

    def _levels(
        self, layers: Sequence[Flow], shown: Floats | None, budget: Floats, senders: int
    ) -> Ints:
        """Which layer a listener gets in each second, −1 for none."""
        seconds = len(budget)
        level = np.zeros(seconds, dtype=np.int64)
        for number, flow in enumerate(layers):
            is_active = fit(flow.stream.is_active, seconds)
            if number:
                is_fitting = senders * LAYERS[number][2] <= 0.95 * budget
                level = np.where(is_active & is_fitting, number, level)
        if shown is not None:
            level = np.where(shown[:seconds] == 1, 0, level)
            level = np.where(shown[:seconds] == 0, -1, level)
        return level

    def play_again(self, received: ReceivedTrack, listener: Person) -> ReceivedTrack:
        """The same received track with its flow played again."""
        rtt_s = 0.1
        self._play(received, listener, rtt_s)
        return received

    def _play(self, received: ReceivedTrack, listener: Person, rtt_s: float) -> None:
        if received.flow.stream.kind == "audio":
            received.heard = listen(received.flow)
            received.is_played = not listener.unplayed
        else:
            received.seen = watch(
                received.flow, rtt_s, listener.slow_decoder, self.rng, listener.hitches_s
            )

    def _received(
        self, listener: str, sender: str, flow: Flow, ssrc: int, rtt_s: float
    ) -> ReceivedTrack:
        person = next(p for p in self.scene.people if p.name == listener)
        made = ReceivedTrack(sender=sender, flow=flow, ssrc=ssrc, track=flow.stream.track)
        self._play(made, person, rtt_s)
        leaves_s = next(p.leaves_s for p in self.scene.people if p.name == sender)
        if leaves_s is not None and not self.scene.server.keeps_streams:
            made.until_s = leaves_s + 1.5
        return made
