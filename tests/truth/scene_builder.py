"""Builders for authors of scenes: the truth of a call, and a call of ordinary participants."""

from typing import Final

from tests.truth.path_elements import Bursts, Element, Loss, Scatter, Shake, Stall
from tests.truth.random_draws import MIXED, Draw
from tests.truth.scene import Person, Scene, Server, Topology, Truth

LENGTH_S: Final = 180.0
_LOSSLESS: Final = (Shake, Scatter, Stall)


def truth(
    person: Person | None,
    causes: str,
    span: tuple[float, float],
    hurts: frozenset[str],
    word: str = "",
    *,
    loses: bool | Element = False,
    lag_s: float = 0.0,
) -> Truth:
    """`loses` is the element that lost the packets, or whether any did."""
    return Truth(
        person=None if person is None else person.name,
        causes=frozenset(causes.split()),
        span=span,
        hurts=hurts,
        word=word,
        loses=loses is not False and not isinstance(loses, _LOSSLESS),
        share=loses.share if isinstance(loses, Loss | Bursts) else None,
        lag_s=lag_s,
    )


def also(person: Person | None, causes: str, span: tuple[float, float]) -> Truth:
    """What is true besides, and need not be found; too little room outlasts its reason."""
    name = None if person is None else person.name
    return Truth(
        person=name, causes=frozenset(causes.split()), span=span, lag_s=35.0, is_optional=True
    )


def call_of(draw: Draw, topology: Topology, count: int, server: Server | None = None) -> Scene:
    people = draw.people(count, MIXED)
    return Scene(
        name="",
        kind="",
        topology=topology,
        people=people,
        length_s=LENGTH_S,
        server=server or (draw.server() if topology == "server" else Server(tags=None)),
    )
