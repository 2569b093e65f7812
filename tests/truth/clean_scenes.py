"""Calls in which nothing was wrong, and much was going on."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from tests.truth.path_elements import Delay
from tests.truth.random_draws import MIXED, Draw
from tests.truth.scene import Camera, Microphone, Person, Scene, Screen, Server, Topology, Truth

Make = Callable[[Draw], Scene]
LENGTH_S: Final = 270.0
SHORT_S: Final = 200.0


def plain(topology: Topology, count: int, server: Server | None = None) -> Make:
    def make(draw: Draw) -> Scene:
        return Scene(
            name="",
            kind="",
            topology=topology,
            people=draw.people(count, MIXED),
            length_s=LENGTH_S,
            server=server or (draw.server() if topology == "server" else Server(tags=None)),
        )

    return make


def shared(content: str, topology: Topology = "server") -> Make:
    def make(draw: Draw) -> Scene:
        scene = plain(topology, 3)(draw)
        start = draw.between(5, 40)
        during = ((start, draw.between(200, 290)),)
        sharer = scene.people[draw.whole(0, 2)]
        sharer.screen = Screen(content=content, during=during)  # type: ignore[arg-type]
        return scene

    return make


def comings_and_goings(draw: Draw) -> Scene:
    """Mutes, a camera disabled and enabled, a hidden tab, a late join, an early leave and a
    rejoin."""
    scene = plain("server", 5)(draw)
    ann, bob, cy, dee, eve = scene.people
    ann.microphone = Microphone(muted=((draw.between(20, 60), draw.between(120, 260)),))
    assert bob.camera is not None
    bob.camera = replace(bob.camera, off=((draw.between(40, 80), draw.between(150, 250)),))
    bob.tells_mutes = draw.chance(0.5)
    ann.tells_mutes = draw.chance(0.5)
    cy.hidden = ((draw.between(60, 100), draw.between(140, 200)),)
    dee.joins_s = draw.between(40, 120)
    eve.leaves_s = draw.between(90, 120)
    again = replace(eve, name="eve-again", continues="eve", leaves_s=None)
    again.joins_s = eve.leaves_s + draw.between(4, 25)
    span = (eve.leaves_s, again.joins_s)
    scene.truths = [
        Truth(person="eve", causes=frozenset({"rejoined"}), span=span, is_optional=True)
    ]
    scene.server = replace(scene.server, keeps_streams=draw.chance(0.3))
    scene.people.append(again)
    return scene


def quiet_rooms(draw: Draw) -> Scene:
    """Two speak, the others listen with their microphones on."""
    scene = plain("server", 5)(draw)
    for person in scene.people[2:]:
        person.microphone = Microphone(floor=draw.between(0.0003, 0.003), speaks=0.0)
    return scene


def with_dtx(draw: Draw) -> Scene:
    scene = plain("server", 4)(draw)
    for person in scene.people:
        person.microphone = Microphone(has_dtx=True)
    return scene


def tiles(draw: Draw) -> Scene:
    """Simulcast, thumbnails, and video of the last speakers only."""
    scene = plain("server", 6)(draw)
    scene.people = draw.people(6, simulcast=True)
    scene.server = Server(tags="peer", thumbnails=True, last_n=3, tells_sizes=True)
    return scene


def small_pictures(draw: Draw) -> Scene:
    """Portrait video of mobile phones, and cameras in the dark."""
    scene = plain("server" if draw.chance(0.5) else "mesh", 3)(draw)
    scene.people[0].camera = Camera(width=180, height=320, most_bps=250_000)
    scene.people[1].camera = Camera(width=640, height=360, fps=12.0, most_bps=500_000)
    return scene


def sound_only(draw: Draw) -> Scene:
    scene = plain("server", 5)(draw)
    for person in scene.people:
        person.camera = None
    return scene


def viewers(draw: Draw) -> Scene:
    """One participant sends, the others only receive."""
    scene = plain("server", 4)(draw)
    scene.people = [scene.people[0], *(_watching(person) for person in scene.people[1:])]
    return scene


def _watching(person: Person) -> Person:
    return replace(person, camera=None, microphone=None)


def moving(*, keeps_idle: bool) -> Make:
    """Every stream moves to another connection; the old one is closed, or stays idle."""

    def make(draw: Draw) -> Scene:
        scene = plain("server", 4)(draw)
        scene.server = Server(tags="peer", keeps_idle=keeps_idle)
        scene.people[0].moves_s = draw.between(80, 200)
        scene.people[2].moves_s = draw.between(80, 200)
        return scene

    return make


def simulcast(draw: Draw) -> Scene:
    """Three layers from every browser."""
    scene = plain("server", 4)(draw)
    scene.people = draw.people(4, MIXED, simulcast=True)
    scene.server = Server(tags="producer", thumbnails=draw.chance(0.5))
    return scene


def two_connections(draw: Draw) -> Scene:
    scene = plain("server", 4)(draw)
    scene.server = Server(tags="producer", has_two_connections=True)
    return scene


def devices_and_relays(draw: Draw) -> Scene:
    """Another microphone in mid-call, a relay over UDP, and one over TCP without impairment."""
    scene = plain("server", 4)(draw)
    scene.people[0].switches_s = draw.between(80, 200)
    scene.people[1].relay = "udp"
    scene.people[2].relay = "tcp"
    return scene


def large_room(draw: Draw) -> Scene:
    """Video of the last three speakers only."""
    scene = plain("server", 8, Server(tags="peer", last_n=3))(draw)
    for person in scene.people:
        person.camera = Camera(width=640, height=360, most_bps=300_000)
    return scene


def fast_reports(draw: Draw) -> Scene:
    """A report every two seconds."""
    scene = plain("server", 3)(draw)
    scene.interval_s, scene.length_s = 2.0, 150.0
    return scene


def late_joiner(draw: Draw) -> Scene:
    """In a large room one participant joins late, and one leaves."""
    scene = large_room(draw)
    scene.length_s = SHORT_S
    scene.people[7].joins_s = draw.between(50, 110)
    scene.people[2].leaves_s = draw.between(90, 170)
    scene.server = replace(scene.server, keeps_streams=draw.chance(0.3))
    return scene


def toggling(topology: Topology) -> Make:
    """A camera that is disabled and enabled many times, with peer events of it or without."""

    def make(draw: Draw) -> Scene:
        scene = plain(topology, 3)(draw)
        scene.length_s = SHORT_S
        for person in scene.people[:2]:
            assert person.camera is not None
            edges, moment = [], draw.between(15, 30)
            while moment < SHORT_S - 20:
                off = draw.between(4, 25)
                edges.append((moment, moment + off))
                moment += off + draw.between(4, 30)
            person.camera = replace(person.camera, off=tuple(edges))
            person.tells_mutes = draw.chance(0.5)
        return scene

    return make


def background_tab(draw: Draw) -> Scene:
    """Most of the call is in hidden tabs."""
    scene = plain("server" if draw.chance(0.5) else "mesh", 3)(draw)
    scene.length_s = SHORT_S
    for person in scene.people[:2]:
        person.hidden = ((draw.between(20, 60), draw.between(140, 190)),)
        person.hitches_s = draw.between(10, 30)
    return scene


def firefox_shares(draw: Draw) -> Scene:
    """A screenshare with changing content, from a browser that does not report it as one."""
    content = ("slides", "scrolling", "video")[draw.whole(0, 2)]
    scene = shared(content, "server" if draw.chance(0.6) else "mesh")(draw)
    for person in scene.people:
        if person.screen is not None:
            person.browser = "old-firefox" if draw.chance(0.4) else "firefox"
            first, last = person.screen.during[0]
            person.screen = replace(
                person.screen, during=((first, first + 60), (first + 75, max(last, first + 120)))
            )
    return scene


def far_away(draw: Draw) -> Scene:
    """One participant is far away: an RTT of a quarter of a second."""
    scene = plain("server" if draw.chance(0.5) else "mesh", 4)(draw)
    scene.length_s = SHORT_S
    each = draw.between(0.07, 0.095)
    far = scene.people[draw.whole(0, 3)]
    far.up, far.down = [Delay(each, 0.004)], [Delay(each, 0.004)]
    return scene


def voices_between_browsers(draw: Draw) -> Scene:
    """Audio only in a mesh, with discontinuous transmission, and a participant muted for long."""
    scene = plain("mesh", 4)(draw)
    scene.length_s = SHORT_S
    for person in scene.people:
        person.camera = None
        person.microphone = Microphone(has_dtx=draw.chance(0.6))
    scene.people[1].microphone = Microphone(muted=((draw.between(20, 60), draw.between(120, 180)),))
    scene.people[1].tells_mutes = draw.chance(0.5)
    return scene


def on_hold(draw: Draw) -> Scene:
    """One participant puts the call on hold for a while."""
    scene = plain("server", draw.whole(2, 4))(draw)
    scene.length_s = SHORT_S
    start = draw.between(40, 90)
    scene.people[draw.whole(0, 1)].held = ((start, start + draw.between(40, 100)),)
    return scene


CLEAN_SCENES: Final[Mapping[str, Make]] = {
    "clean-pair": plain("pair", 2),
    "clean-mesh-3": plain("mesh", 3),
    "clean-mesh-4": plain("mesh", 4),
    "clean-server-4": plain("server", 4),
    "clean-server-closes": plain("server", 4, Server(closes_gaps=True)),
    "clean-server-no-reports": plain("server", 4, Server(reports="none", tags="producer")),
    "clean-server-untagged": plain("server", 4, Server(tags=None)),
    "clean-slides": shared("slides"),
    "clean-slides-pair": shared("slides", "mesh"),
    "clean-scrolling": shared("scrolling"),
    "clean-screen-video": shared("video"),
    "clean-comings-and-goings": comings_and_goings,
    "clean-quiet-rooms": quiet_rooms,
    "clean-dtx": with_dtx,
    "clean-tiles": tiles,
    "clean-small-pictures": small_pictures,
    "clean-sound-only": sound_only,
    "clean-viewers": viewers,
    "clean-moving": moving(keeps_idle=False),
    "clean-moving-idle": moving(keeps_idle=True),
    "clean-simulcast": simulcast,
    "clean-two-connections": two_connections,
    "clean-devices-and-relays": devices_and_relays,
    "clean-large-room": large_room,
    "clean-fast-reports": fast_reports,
    "clean-late-joiner": late_joiner,
    "clean-toggling": toggling("server"),
    "clean-toggling-mesh": toggling("mesh"),
    "clean-background-tab": background_tab,
    "clean-firefox-shares": firefox_shares,
    "clean-far-away": far_away,
    "clean-voices-mesh": voices_between_browsers,
    "clean-on-hold": on_hold,
}
