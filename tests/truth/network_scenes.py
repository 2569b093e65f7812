"""Calls with an impaired network."""

from collections.abc import Callable, Mapping
from typing import Final

from tests.truth.path_elements import (
    Bursts,
    Delay,
    Element,
    Loss,
    Queue,
    Scatter,
    Shake,
    Spans,
    Stall,
    TcpSegments,
)
from tests.truth.random_draws import Draw
from tests.truth.scene import Scene, Server, Topology, Truth
from tests.truth.scene_builder import LENGTH_S, also, call_of, truth

Make = Callable[[Draw], Scene]


def lossy(draw: Draw, during: Spans, least: float = 0.08, most: float = 0.22) -> Element:
    share = draw.between(least, most)
    if draw.chance(0.5):
        return Bursts(share, draw.between(2, 6), during)
    return Loss(share, during)


def shaky(draw: Draw, during: Spans) -> Element:
    return Shake(draw.between(0.16, 0.3), during)


def scattered(draw: Draw, during: Spans) -> Element:
    return Scatter(draw.between(0.09, 0.16), during)


def _lag_s(element: Element) -> float:
    """A jitter buffer that has grown shrinks slowly."""
    return 10.0 if isinstance(element, Shake | Stall) else 0.0


def bad_uplink(
    topology: Topology, count: int, how: Callable[[Draw, Spans], Element], server: Server | None
) -> Make:
    def make(draw: Draw) -> Scene:
        scene = call_of(draw, topology, count, server)
        culprit = scene.people[draw.whole(0, count - 1)]
        span = draw.span(scene.length_s)
        culprit.up.append(element := how(draw, (span,)))
        scene.truths = [
            truth(
                culprit, "uplink", span, scene.others(culprit), loses=element, lag_s=_lag_s(element)
            ),
            also(culprit, "bandwidth poor_picture_sent round_trip", span),
        ]
        return scene

    return make


def bad_downlink(
    topology: Topology, count: int, how: Callable[[Draw, Spans], Element], server: Server | None
) -> Make:
    def make(draw: Draw) -> Scene:
        scene = call_of(draw, topology, count, server)
        victim = scene.people[draw.whole(0, count - 1)]
        span = draw.span(scene.length_s)
        victim.down.append(element := how(draw, (span,)))
        scene.truths = [
            truth(
                victim,
                "downlink lateness",
                span,
                frozenset({victim.name}),
                "downlink",
                loses=element,
                lag_s=_lag_s(element),
            ),
            also(victim, "round_trip", span),
        ]
        if topology == "mesh":
            # Whoever sends to the victim has long round trips to it.
            scene.truths.append(
                Truth(
                    person=None,
                    causes=frozenset({"round_trip"}),
                    span=span,
                    hurts=scene.others(),
                    is_optional=True,
                )
            )
        return scene

    return make


def bad_pair(how: Callable[[Draw, Spans], Element]) -> Make:
    """Between two participants no evidence shows the side at fault."""

    def make(draw: Draw) -> Scene:
        scene = call_of(draw, "pair", 2)
        span = draw.span(scene.length_s)
        side = scene.people[draw.whole(0, 1)]
        (side.up if draw.chance(0.5) else side.down).append(element := how(draw, (span,)))
        scene.truths = [
            truth(
                None,
                "reception lateness",
                span,
                scene.others(),
                "side not known",
                loses=element,
                lag_s=_lag_s(element),
            ),
            also(None, "bandwidth round_trip", span),
        ]
        return scene

    return make


def bad_server(where: str, how: Callable[[Draw, Spans], Element], server: Server) -> Make:
    def make(draw: Draw) -> Scene:
        span = draw.span(LENGTH_S)
        element = how(draw, (span,))
        has = {"before": (element,)} if where == "before" else {"after": (element,)}
        made = Server(
            closes_gaps=server.closes_gaps,
            reports=server.reports,
            keeps_ssrc=server.keeps_ssrc,
            tags=server.tags,
            **has,  # type: ignore[arg-type]
        )
        scene = call_of(draw, "server", draw.whole(4, 5), made)
        scene.truths = [
            truth(None, "server", span, scene.others(), loses=element, lag_s=_lag_s(element)),
            also(None, "round_trip bandwidth", span),
        ]
        return scene

    return make


def narrow_uplink(topology: Topology) -> Make:
    def make(draw: Draw) -> Scene:
        count = draw.whole(3, 4)
        scene = call_of(draw, topology, count)
        culprit = scene.people[draw.whole(0, count - 1)]
        culprit.browser = "chrome"
        culprit.camera = draw.camera(simulcast=False)
        span = draw.span(scene.length_s, 60, 90)
        share = 1 if topology == "server" else count - 1
        culprit.up.append(Queue(draw.between(110_000, 220_000) * share, 0.3, (span,)))
        scene.truths = [
            truth(
                culprit,
                "bandwidth uplink",
                span,
                scene.others(culprit),
                "bandwidth",
                loses=True,
                lag_s=30,
            ),
            also(culprit, "round_trip bandwidth uplink", (span[0], span[1] + 30)),
            also(culprit, "poor_picture_sent", span),
        ]
        return scene

    return make


def narrow_downlink(*, simulcast: bool) -> Make:
    """Too little bandwidth for all video at one listener."""

    def make(draw: Draw) -> Scene:
        count = draw.whole(4, 5)
        scene = call_of(draw, "server", count)
        scene.people = draw.people(count, simulcast=simulcast)
        victim = scene.people[draw.whole(0, count - 1)]
        span = draw.span(scene.length_s, 60, 90)
        rate_bps = draw.between(220_000, 420_000) if simulcast else draw.between(500_000, 900_000)
        victim.down.append(Queue(rate_bps, 0.3, (span,)))
        scene.truths = [
            truth(
                victim, "downlink bandwidth", span, frozenset({victim.name}), "downlink", loses=True
            ),
            also(victim, "round_trip lateness", span),
        ]
        return scene

    return make


def shrunk_downlink(draw: Draw) -> Scene:
    """Bandwidth for small video only: the server sends one listener small layers, and no packet is
    lost."""
    scene = call_of(draw, "server", 5, Server(tags="peer"))
    scene.people = draw.people(5, simulcast=True)
    victim = scene.people[draw.whole(0, 4)]
    span = draw.span(scene.length_s, 60, 90)
    victim.down.append(Queue(draw.between(1_000_000, 1_500_000), 0.3, (span,)))
    scene.truths = [
        truth(victim, "downlink bandwidth", span, frozenset({victim.name}), "downlink", lag_s=35),
        also(victim, "round_trip lateness poor_picture", span),
    ]
    return scene


def relay_over_tcp(draw: Draw) -> Scene:
    scene = call_of(draw, "server", draw.whole(3, 4))
    culprit = scene.people[draw.whole(0, len(scene.people) - 1)]
    culprit.relay = "tcp" if draw.chance(0.6) else "tls"
    culprit.browser = "chrome"
    whole = (0.0, scene.length_s)
    span = draw.span(scene.length_s, 60, 90)
    rtt_s = draw.between(0.18, 0.3)
    culprit.up.append(TcpSegments(draw.between(0.05, 0.1), rtt_s, (span,)))
    culprit.down.append(TcpSegments(draw.between(0.05, 0.1), rtt_s, (span,)))
    scene.truths = [
        truth(culprit, "relay_tcp", whole, scene.others()),
        also(culprit, "lateness bandwidth round_trip", span),
    ]
    return scene


def long_way(draw: Draw) -> Scene:
    """A round trip of half a second and more, without loss."""
    scene = call_of(draw, "server", draw.whole(3, 4))
    culprit = scene.people[draw.whole(0, len(scene.people) - 1)]
    culprit.browser = "chrome"

    each = draw.between(0.26, 0.38)
    culprit.up.append(Delay(each, 0.004))
    culprit.down.append(Delay(each, 0.004))
    scene.truths = [
        truth(culprit, "round_trip", (0.0, scene.length_s), scene.others()),
    ]
    return scene


def stalls(draw: Draw, during: Spans) -> Element:
    """Every few seconds nothing for the better part of a second."""
    return Stall(draw.between(2.0, 3.5), draw.between(0.6, 1.0), during)


FORWARDS: Final = None
CLOSES: Final = Server(closes_gaps=True, tags="peer")
CLOSES_UNTAGGED: Final = Server(closes_gaps=True, tags=None, keeps_ssrc=True)
ZERO: Final = Server(reports="zero", tags="peer")
SILENT: Final = Server(reports="none", tags="producer")
CLOSES_ZERO: Final = Server(closes_gaps=True, reports="zero", tags="peer")
PLAIN: Final = Server(tags="peer")

NETWORK_SCENES: Final[Mapping[str, Make]] = {
    "server-uplink-loss": bad_uplink("server", 4, lossy, FORWARDS),
    "server-uplink-loss-3": bad_uplink("server", 3, lossy, FORWARDS),
    "server-uplink-loss-closes": bad_uplink("server", 4, lossy, CLOSES),
    "server-uplink-loss-closes-untagged": bad_uplink("server", 4, lossy, CLOSES_UNTAGGED),
    "server-uplink-loss-zero-reports": bad_uplink("server", 4, lossy, ZERO),
    "server-uplink-loss-no-reports": bad_uplink("server", 4, lossy, SILENT),
    "server-uplink-loss-closes-zero-reports": bad_uplink("server", 4, lossy, CLOSES_ZERO),
    "server-uplink-jitter": bad_uplink("server", 4, scattered, FORWARDS),
    "server-uplink-jitter-no-reports": bad_uplink("server", 4, scattered, SILENT),
    "server-uplink-clumps": bad_uplink("server", 4, shaky, FORWARDS),
    "server-uplink-clumps-no-reports": bad_uplink("server", 4, shaky, SILENT),
    "server-uplink-stalls": bad_uplink("server", 4, stalls, FORWARDS),
    "server-downlink-loss": bad_downlink("server", 4, lossy, FORWARDS),
    "server-downlink-loss-3": bad_downlink("server", 3, lossy, FORWARDS),
    "server-downlink-loss-closes": bad_downlink("server", 4, lossy, CLOSES),
    "server-downlink-loss-no-reports": bad_downlink("server", 4, lossy, SILENT),
    "server-downlink-jitter": bad_downlink("server", 4, scattered, FORWARDS),
    "server-downlink-clumps": bad_downlink("server", 4, shaky, FORWARDS),
    "server-downlink-stalls": bad_downlink("server", 4, stalls, FORWARDS),
    "mesh-uplink-loss": bad_uplink("mesh", 3, lossy, None),
    "mesh-uplink-loss-4": bad_uplink("mesh", 4, lossy, None),
    "mesh-uplink-jitter": bad_uplink("mesh", 4, scattered, None),
    "mesh-uplink-clumps": bad_uplink("mesh", 4, shaky, None),
    "mesh-downlink-loss": bad_downlink("mesh", 3, lossy, None),
    "mesh-downlink-loss-4": bad_downlink("mesh", 4, lossy, None),
    "mesh-downlink-jitter": bad_downlink("mesh", 4, scattered, None),
    "mesh-downlink-clumps": bad_downlink("mesh", 4, shaky, None),
    "pair-loss": bad_pair(lossy),
    "pair-jitter": bad_pair(scattered),
    "pair-clumps": bad_pair(shaky),
    "server-itself-after": bad_server("after", lossy, PLAIN),
    "server-itself-before": bad_server("before", lossy, PLAIN),
    "server-itself-stalls": bad_server("after", stalls, PLAIN),
    "server-itself-untagged": bad_server("after", lossy, Server(tags=None, keeps_ssrc=True)),
    "server-narrow-uplink": narrow_uplink("server"),
    "mesh-narrow-uplink": narrow_uplink("mesh"),
    "server-narrow-downlink-simulcast": narrow_downlink(simulcast=True),
    "server-shrunk-downlink": shrunk_downlink,
    "server-narrow-downlink": narrow_downlink(simulcast=False),
    "server-relay-tcp": relay_over_tcp,
    "server-long-way": long_way,
}
