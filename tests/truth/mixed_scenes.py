"""Calls with several impairments, a short one, or in a large room."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from tests.truth.network_scenes import lossy, scattered, stalls
from tests.truth.path_elements import Bursts, Cut, Loss, Spans
from tests.truth.random_draws import MIXED, Draw
from tests.truth.scene import Camera, Scene, Screen, Server, Topology
from tests.truth.scene_builder import also, call_of, truth

Make = Callable[[Draw], Scene]


def two_culprits(draw: Draw) -> Scene:
    """One participant has a lossy uplink, another a lossy downlink, at different times."""
    scene = call_of(draw, "server", 4)
    sender, listener = scene.people[0], scene.people[2]
    early, late = (20 + draw.between(5, 10), 72.0), (108.0, 108 + draw.between(45, 55))
    sender.up.append(first := lossy(draw, (early,)))
    listener.down.append(second := lossy(draw, (late,)))
    scene.truths = [
        truth(sender, "uplink", early, scene.others(sender), loses=first),
        truth(listener, "downlink", late, frozenset({listener.name}), loses=second),
        also(sender, "bandwidth poor_picture_sent", early),
    ]
    return scene


def both_ways(draw: Draw) -> Scene:
    """A bad radio link is lossy in both directions."""
    scene = call_of(draw, "server", draw.whole(3, 5))
    culprit = scene.people[draw.whole(0, 2)]
    span = draw.span(scene.length_s)
    culprit.up.append(lossy(draw, (span,)))
    culprit.down.append(lossy(draw, (span,)))
    scene.truths = [
        truth(culprit, "uplink", span, scene.others(culprit), loses=True),
        truth(culprit, "downlink", span, frozenset({culprit.name}), loses=True),
        also(culprit, "bandwidth poor_picture_sent round_trip", span),
    ]
    return scene


def short_and_hard(draw: Draw) -> Scene:
    """A quarter of a minute in which half of everything is lost."""
    scene = call_of(draw, "server", 4)
    culprit = scene.people[draw.whole(0, 3)]
    start = draw.between(50, 120)
    span = (start, start + draw.between(14.5, 20))
    is_up = draw.chance(0.5)
    share = draw.between(0.4, 0.55)
    (culprit.up if is_up else culprit.down).append(Loss(share, (span,)))
    hurt = scene.others(culprit) if is_up else frozenset({culprit.name})
    scene.truths = [
        truth(culprit, "uplink" if is_up else "downlink", span, hurt, loses=True),
        also(culprit, "bandwidth poor_picture_sent lateness", (span[0], span[1] + 20)),
    ]
    return scene


def large_room(draw: Draw) -> Scene:
    """One of eight participants is impaired, and three videos are shown."""
    scene = call_of(draw, "server", 3)
    scene.people = draw.people(8, MIXED)
    scene.length_s = 150.0
    for person in scene.people:
        assert person.camera is not None
        person.camera = replace(person.camera, width=640, height=360, most_bps=350_000)
    scene.server = Server(tags="peer", last_n=3)
    culprit = scene.people[draw.whole(0, 7)]
    span = draw.span(scene.length_s, 45, 60)
    is_up = draw.chance(0.5)
    (culprit.up if is_up else culprit.down).append(lossy(draw, (span,)))
    hurt = scene.others(culprit) if is_up else frozenset({culprit.name})
    scene.truths = [
        truth(culprit, "uplink" if is_up else "downlink", span, hurt, loses=True),
        also(culprit, "bandwidth poor_picture_sent", span),
    ]
    return scene


def sound_only(draw: Draw) -> Scene:
    scene = call_of(draw, "server", 4)
    for person in scene.people:
        person.camera = None
    culprit = scene.people[draw.whole(0, 3)]
    span = draw.span(scene.length_s)
    is_up = draw.chance(0.5)
    (culprit.up if is_up else culprit.down).append(lossy(draw, (span,)))
    hurt = scene.others(culprit) if is_up else frozenset({culprit.name})
    scene.truths = [truth(culprit, "uplink" if is_up else "downlink", span, hurt, loses=True)]
    return scene


def with_screen(where: str) -> Make:
    """A participant shares a screen while a network is impaired."""

    def make(draw: Draw) -> Scene:
        scene = call_of(draw, "server", 4)
        sharer = scene.people[0]
        content = ("slides", "scrolling", "video")[draw.whole(0, 2)]
        sharer.screen = Screen(content=content, during=((8.0, scene.length_s),))  # type: ignore[arg-type]
        culprit = sharer if where == "uplink" else scene.people[2]
        span = draw.span(scene.length_s)
        (culprit.up if where == "uplink" else culprit.down).append(lossy(draw, (span,)))
        hurt = scene.others(culprit) if where == "uplink" else frozenset({culprit.name})
        scene.truths = [
            truth(culprit, where, span, hurt, loses=True),
            also(culprit, "bandwidth poor_picture_sent", span),
        ]
        return scene

    return make


def bad_edge(draw: Draw) -> Scene:
    """In a mesh the path between two of four is impaired, and neither is impaired towards the
    others."""
    scene = call_of(draw, "mesh", 4)
    span = draw.span(scene.length_s)
    scene.edges = {("ann", "bob"): (Bursts(draw.between(0.1, 0.2), 3, (span,)),)}
    scene.truths = [
        truth(None, "reception server", span, frozenset({"bob", "ann"}), "side not known"),
        also(None, "bandwidth round_trip lateness", span),
    ]
    return scene


def restarted_server(draw: Draw) -> Scene:
    """Every participant loses the connection at once."""
    scene = call_of(draw, "server", draw.whole(3, 5))
    start = draw.between(60, 100)
    span = (start, start + draw.between(12, 20))
    for person in scene.people:
        person.up.append(Cut((span,)))
        person.down.append(Cut((span,)))
        person.lost_connection = (span,)
    scene.truths = [
        truth(None, "server interruption", span, scene.others(), loses=True),
    ]
    return scene


def another_connection(draw: Draw) -> Scene:
    """A connection fails and another takes its place, for the same peer."""
    scene = call_of(draw, "server", draw.whole(3, 4))
    scene.server = replace(scene.server, keeps_ssrc=False, tags="peer")
    culprit = scene.people[draw.whole(0, 2)]
    start = draw.between(60, 100)
    span = (start, start + draw.between(12, 20))
    culprit.up.append(Cut((span,)))
    culprit.down.append(Cut((span,)))
    culprit.lost_connection = (span,)
    culprit.fails, culprit.moves_s = True, span[1]
    scene.truths = [
        truth(culprit, "interruption", span, scene.others(), loses=True),
    ]
    return scene


def late_and_lossy(draw: Draw) -> Scene:
    """A participant joins in mid-call with a bad uplink from the first second."""
    scene = call_of(draw, "server", 4)
    culprit = scene.people[3]
    culprit.joins_s = draw.between(40, 60)
    span = (culprit.joins_s, scene.length_s)
    culprit.up.append(lossy(draw, (span,)))
    scene.truths = [
        truth(culprit, "uplink", span, scene.others(culprit), loses=True),
        also(culprit, "bandwidth poor_picture_sent", span),
    ]
    return scene


def camera_off(draw: Draw) -> Scene:
    """A bad uplink while the camera is disabled."""
    scene = call_of(draw, "server", 3)
    culprit = scene.people[draw.whole(0, 2)]
    culprit.camera = Camera(off=((5.0, scene.length_s),))
    span = draw.span(scene.length_s)
    culprit.up.append(lossy(draw, (span,)))
    scene.truths = [
        truth(culprit, "uplink", span, scene.others(culprit), loses=True),
        also(culprit, "bandwidth poor_picture_sent", span),
    ]
    return scene


def simulcast(where: str, how: Callable[[Draw, Spans], object]) -> Make:
    """Three layers from every browser, old Firefox without mids included."""

    def make(draw: Draw) -> Scene:
        scene = call_of(draw, "server", 4)
        scene.people = draw.people(4, MIXED, simulcast=True)
        culprit = scene.people[draw.whole(0, 3)]
        span = draw.span(scene.length_s)
        element = how(draw, (span,))
        (culprit.up if where == "uplink" else culprit.down).append(element)  # type: ignore[arg-type]
        hurt = scene.others(culprit) if where == "uplink" else frozenset({culprit.name})
        causes = "uplink" if where == "uplink" else "downlink lateness"
        scene.truths = [
            truth(culprit, causes, span, hurt, where, loses=how is lossy),
            also(culprit, "bandwidth poor_picture_sent round_trip", span),
        ]
        return scene

    return make


def two_connections(where: str) -> Make:
    """One connection to send and one to receive, as some servers have it."""

    def make(draw: Draw) -> Scene:
        topology: Topology = "server"
        scene = call_of(draw, topology, 4)
        scene.server = replace(scene.server, has_two_connections=True, tags="producer")
        culprit = scene.people[draw.whole(0, 3)]
        span = draw.span(scene.length_s)
        (culprit.up if where == "uplink" else culprit.down).append(lossy(draw, (span,)))
        hurt = scene.others(culprit) if where == "uplink" else frozenset({culprit.name})
        scene.truths = [
            truth(culprit, where, span, hurt, loses=True),
            also(culprit, "bandwidth poor_picture_sent", span),
        ]
        return scene

    return make


MIXED_SCENES: Final[Mapping[str, Make]] = {
    "mixed-two-culprits": two_culprits,
    "mixed-both-ways": both_ways,
    "mixed-short-and-hard": short_and_hard,
    "mixed-large-room": large_room,
    "mixed-sound-only": sound_only,
    "mixed-screen-uplink": with_screen("uplink"),
    "mixed-screen-downlink": with_screen("downlink"),
    "mixed-mesh-bad-edge": bad_edge,
    "mixed-restarted-server": restarted_server,
    "mixed-another-connection": another_connection,
    "mixed-late-and-lossy": late_and_lossy,
    "mixed-camera-off": camera_off,
    "mixed-simulcast-uplink": simulcast("uplink", lossy),
    "mixed-simulcast-downlink": simulcast("downlink", lossy),
    "mixed-simulcast-stalls": simulcast("downlink", stalls),
    "mixed-simulcast-jitter": simulcast("uplink", scattered),
    "mixed-two-connections-uplink": two_connections("uplink"),
    "mixed-two-connections-downlink": two_connections("downlink"),
}
