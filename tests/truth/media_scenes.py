"""Calls in which a machine, a microphone, a camera or a connection failed."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from tests.truth.path_elements import Cut
from tests.truth.random_draws import Draw
from tests.truth.scene import Camera, Microphone, Scene, Server, Topology, Truth
from tests.truth.scene_builder import call_of, truth

Make = Callable[[Draw], Scene]


def slow_encoder(draw: Draw) -> Scene:
    scene = call_of(draw, "server" if draw.chance(0.6) else "mesh", 3)
    culprit = scene.people[draw.whole(0, 2)]
    culprit.browser = "chrome"
    culprit.camera = Camera()
    span = draw.span(scene.length_s)
    culprit.slow_encoder = (span,)
    scene.truths = [truth(culprit, "cpu", span, scene.others(culprit))]
    return scene


def slow_decoder(draw: Draw) -> Scene:
    scene = call_of(draw, "server", draw.whole(3, 4))
    culprit = scene.people[draw.whole(0, 2)]
    culprit.browser = "chrome"
    span = draw.span(scene.length_s)
    culprit.slow_decoder = (span,)
    scene.truths = [truth(culprit, "cpu", span, frozenset({culprit.name}))]
    return scene


def one_way(topology: Topology, kind: str) -> Make:
    """From the first second one listener receives no media of one sender."""

    def make(draw: Draw) -> Scene:
        count = draw.whole(3, 4) if topology != "pair" else 2
        scene = call_of(draw, topology, count)
        listener, sender = scene.people[0], scene.people[1]
        if draw.chance(0.5):
            listener, sender = sender, listener
        scene.server = Server(
            tags=scene.server.tags,
            keeps_ssrc=scene.server.keeps_ssrc,
            unrouted=frozenset({(listener.name, sender.name, kind)}),
            tells_sizes=kind == "video",
        )
        cause = "one_way_audio" if kind == "audio" else "no_video_received"
        scene.truths = [
            Truth(
                person=listener.name,
                causes=frozenset({cause}),
                span=(0.0, scene.length_s),
                about=frozenset({sender.name}),
                hurts=frozenset({listener.name}),
            )
        ]
        return scene

    return make


def one_way_later(*, forgets: bool) -> Make:
    """In mid-call a server stops forwarding the audio of one sender to one listener, and drops the
    stream or lets it stall."""

    def make(draw: Draw) -> Scene:
        scene = call_of(draw, "server", draw.whole(2, 4))
        listener, sender = scene.people[0], scene.people[1]
        start = draw.between(60, 110)
        scene.server = Server(
            tags=scene.server.tags,
            keeps_ssrc=scene.server.keeps_ssrc,
            stopped={(listener.name, sender.name, "audio"): start},
            forgets_stopped=forgets,
        )
        sender.microphone = replace(sender.microphone or Microphone(), speaks=2.0)
        scene.truths = [
            Truth(
                person=listener.name,
                causes=frozenset({"one_way_audio"}),
                span=(start, scene.length_s),
                about=frozenset({sender.name}),
                hurts=frozenset({listener.name}),
            )
        ]
        return scene

    return make


def dead_microphone(*, from_the_start: bool) -> Make:
    def make(draw: Draw) -> Scene:
        scene = call_of(draw, "server" if draw.chance(0.6) else "mesh", 3)
        culprit = scene.people[draw.whole(0, 2)]
        culprit.browser = "chrome"
        start = 0.0 if from_the_start else draw.between(50, 80)
        span = (start, scene.length_s)
        culprit.microphone = Microphone(dead=(span,))
        scene.truths = [truth(culprit, "silent_microphone", span, scene.others(culprit))]
        return scene

    return make


def starved_camera(draw: Draw) -> Scene:
    scene = call_of(draw, "server", 3)
    culprit = scene.people[draw.whole(0, 2)]
    culprit.browser = "chrome"
    start = draw.between(50, 90)
    span = (start, start + draw.between(40, 60))
    culprit.camera = Camera(starved=(span,))
    scene.truths = [truth(culprit, "no_video_sent", span, scene.others(culprit))]
    return scene


def unsent_sound(draw: Draw) -> Scene:
    scene = call_of(draw, "server", 3)
    culprit = scene.people[draw.whole(0, 2)]
    # Of an old Firefox nothing tells whether the microphone was on.
    culprit.browser = "chrome"
    span = (start := draw.between(50, 90), start + draw.between(40, 60))
    culprit.microphone = Microphone(absent=(span,))
    scene.truths = [truth(culprit, "no_audio_sent", span, scene.others(culprit))]
    return scene


def lost_connection(topology: Topology) -> Make:
    """No packets pass for a while; the path recovers by itself."""

    def make(draw: Draw) -> Scene:
        scene = call_of(draw, topology, draw.whole(3, 4))
        culprit = scene.people[draw.whole(0, 2)]
        start = draw.between(50, 100)
        span = (start, start + draw.between(15, 24))
        culprit.up.append(Cut((span,)))
        culprit.down.append(Cut((span,)))
        culprit.lost_connection = (span,)
        scene.truths = [truth(culprit, "interruption", span, scene.others(culprit))]
        return scene

    return make


def humming(draw: Draw) -> Scene:
    """From some time on a microphone gives one loud tone."""
    scene = call_of(draw, "server", 3)
    culprit = scene.people[draw.whole(0, 2)]
    culprit.browser = "chrome"
    span = (draw.between(30, 60), scene.length_s)
    culprit.microphone = Microphone(hum=(span,))
    scene.truths = [truth(culprit, "constant_audio", span, scene.others(culprit))]
    return scene


def unplayed(draw: Draw) -> Scene:
    """Audio arrives and the browser plays none of it."""
    scene = call_of(draw, "server", draw.whole(2, 4))
    culprit = scene.people[0]
    culprit.browser, culprit.unplayed = "chrome", True
    span = (0.0, scene.length_s)
    scene.truths = [truth(culprit, "audio_not_played", span, frozenset({culprit.name}))]
    return scene


def slow_to_connect(draw: Draw) -> Scene:
    scene = call_of(draw, "server", 3)
    culprit = scene.people[draw.whole(0, 2)]
    culprit.connects_s = draw.between(14, 20)
    scene.truths = [truth(culprit, "slow_connect", (0.0, culprit.connects_s), scene.others())]
    return scene


MEDIA_SCENES: Final[Mapping[str, Make]] = {
    "slow-encoder": slow_encoder,
    "slow-decoder": slow_decoder,
    "server-one-way": one_way("server", "audio"),
    "mesh-one-way": one_way("mesh", "audio"),
    "pair-one-way": one_way("pair", "audio"),
    "server-one-way-later": one_way_later(forgets=True),
    "server-one-way-dry": one_way_later(forgets=False),
    "server-no-picture": one_way("server", "video"),
    "dead-microphone": dead_microphone(from_the_start=True),
    "dead-microphone-after-speech": dead_microphone(from_the_start=False),
    "starved-camera": starved_camera,
    "unsent-sound": unsent_sound,
    "humming-microphone": humming,
    "unplayed": unplayed,
    "slow-to-connect": slow_to_connect,
    "mesh-lost-connection": lost_connection("mesh"),
    "server-lost-connection": lost_connection("server"),
}
