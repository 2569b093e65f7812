"""Calls in which a machine, a microphone, a camera or a connection failed."""

from collections.abc import Callable, Mapping
from typing import Final

from tests.truth.drawing import MIXED, Draw
from tests.truth.paths import Cut
from tests.truth.people import Camera, Microphone, Person, Scene, Server, Topology, Truth

Make = Callable[[Draw], Scene]
LENGTH_S: Final = 180.0


def _others(people: list[Person], person: Person) -> frozenset[str]:
    return frozenset(each.name for each in people if each is not person)


def _scene(draw: Draw, topology: Topology, count: int) -> Scene:
    server = draw.server() if topology == "server" else Server(tags=None)
    return Scene(
        name="",
        kind="",
        topology=topology,
        people=draw.people(count, MIXED),
        length_s=LENGTH_S,
        server=server,
    )


def slow_encoder(draw: Draw) -> Scene:
    scene = _scene(draw, "server" if draw.chance(0.6) else "mesh", 3)
    culprit = scene.people[draw.whole(0, 2)]
    culprit.browser = "chrome"
    culprit.camera = Camera()
    span = draw.span(scene.length_s)
    culprit.slow_encoder = (span,)
    others = _others(scene.people, culprit)
    scene.truths = [Truth(person=culprit.name, causes=frozenset({"cpu"}), span=span, hurts=others)]
    return scene


def slow_decoder(draw: Draw) -> Scene:
    scene = _scene(draw, "server", draw.whole(3, 4))
    culprit = scene.people[draw.whole(0, 2)]
    culprit.browser = "chrome"
    span = draw.span(scene.length_s)
    culprit.slow_decoder = (span,)
    hurt = frozenset({culprit.name})
    scene.truths = [Truth(person=culprit.name, causes=frozenset({"cpu"}), span=span, hurts=hurt)]
    return scene


def one_way(topology: Topology, kind: str) -> Make:
    """From the first second one listener gets nothing of one sender."""

    def make(draw: Draw) -> Scene:
        count = draw.whole(3, 4) if topology != "pair" else 2
        scene = _scene(draw, topology, count)
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


def dead_microphone(*, from_the_start: bool) -> Make:
    def make(draw: Draw) -> Scene:
        scene = _scene(draw, "server" if draw.chance(0.6) else "mesh", 3)
        culprit = scene.people[draw.whole(0, 2)]
        culprit.browser = "chrome"
        start = 0.0 if from_the_start else draw.between(50, 80)
        span = (start, scene.length_s)
        culprit.microphone = Microphone(dead=(span,))
        scene.truths = [
            Truth(
                person=culprit.name,
                causes=frozenset({"silent_microphone"}),
                span=span,
                hurts=_others(scene.people, culprit),
            )
        ]
        return scene

    return make


def starved_camera(draw: Draw) -> Scene:
    scene = _scene(draw, "server", 3)
    culprit = scene.people[draw.whole(0, 2)]
    culprit.browser = "chrome"
    start = draw.between(50, 90)
    span = (start, start + draw.between(40, 60))
    culprit.camera = Camera(starved=(span,))
    scene.truths = [
        Truth(
            person=culprit.name,
            causes=frozenset({"no_video_sent"}),
            span=span,
            hurts=_others(scene.people, culprit),
        )
    ]
    return scene


def unsent_sound(draw: Draw) -> Scene:
    scene = _scene(draw, "server", 3)
    culprit = scene.people[draw.whole(0, 2)]
    span = (start := draw.between(50, 90), start + draw.between(40, 60))
    culprit.microphone = Microphone(absent=(span,))
    scene.truths = [
        Truth(
            person=culprit.name,
            causes=frozenset({"no_audio_sent"}),
            span=span,
            hurts=_others(scene.people, culprit),
        )
    ]
    return scene


def lost_connection(topology: Topology) -> Make:
    """Nothing goes through for a while, and comes back by itself."""

    def make(draw: Draw) -> Scene:
        scene = _scene(draw, topology, draw.whole(3, 4))
        culprit = scene.people[draw.whole(0, 2)]
        start = draw.between(50, 100)
        span = (start, start + draw.between(15, 24))
        culprit.up.append(Cut((span,)))
        culprit.down.append(Cut((span,)))
        culprit.lost_connection = (span,)
        others = _others(scene.people, culprit)
        scene.truths = [
            Truth(
                person=culprit.name,
                causes=frozenset({"interruption"}),
                span=span,
                hurts=others,
            ),
        ]
        return scene

    return make


MEDIA_SCENES: Final[Mapping[str, Make]] = {
    "slow-encoder": slow_encoder,
    "slow-decoder": slow_decoder,
    "server-one-way": one_way("server", "audio"),
    "mesh-one-way": one_way("mesh", "audio"),
    "pair-one-way": one_way("pair", "audio"),
    "server-no-picture": one_way("server", "video"),
    "dead-microphone": dead_microphone(from_the_start=True),
    "dead-microphone-after-speech": dead_microphone(from_the_start=False),
    "starved-camera": starved_camera,
    "unsent-sound": unsent_sound,
    "server-lost-connection": lost_connection("server"),
}
