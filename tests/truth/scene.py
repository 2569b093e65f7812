"""A call as its author describes it: its participants, their networks, and its truth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tests.truth.path_elements import ALWAYS, Delay, Element, Spans

Topology = Literal["pair", "mesh", "server"]
BrowserName = Literal["chrome", "firefox", "old-firefox", "safari"]


@dataclass(frozen=True, kw_only=True)
class Microphone:
    """`floor` is the level of the quiet room; `speaks` the share of turns that are this person's;
    `dead` when the device gives digital zero."""

    floor: float = 0.002
    speaks: float = 1.0
    muted: Spans = ()
    dead: Spans = ()
    hum: Spans = ()
    """When the microphone gives one loud tone only."""
    absent: Spans = ()
    """When it is switched on and nothing is sent."""
    has_dtx: bool = False


@dataclass(frozen=True, kw_only=True)
class Camera:
    width: int = 1280
    height: int = 720
    fps: float = 30.0
    most_bps: float = 1_500_000
    off: Spans = ()
    starved: Spans = ()
    """When the device gives no frames though it is switched on."""
    has_simulcast: bool = False


@dataclass(frozen=True, kw_only=True)
class Screen:
    content: Literal["slides", "scrolling", "video"] = "slides"
    during: Spans = ALWAYS
    width: int = 1920
    height: int = 1080
    most_bps: float = 1_200_000


@dataclass(kw_only=True, eq=False)
class Person:
    name: str
    browser: BrowserName = "chrome"
    joins_s: float = 0.0
    leaves_s: float | None = None
    up: list[Element] = field(default_factory=lambda: [Delay(0.018)])
    down: list[Element] = field(default_factory=lambda: [Delay(0.018)])
    microphone: Microphone | None = field(default_factory=Microphone)
    camera: Camera | None = field(default_factory=Camera)
    screen: Screen | None = None
    relay: Literal["udp", "tcp", "tls"] | None = None
    slow_encoder: Spans = ()
    slow_decoder: Spans = ()
    hidden: Spans = ()
    hitches_s: float = 0.0
    """How often, on average, the page freezes for a moment, in seconds; 0 for never."""
    unplayed: bool = False
    """Whether its browser plays no audio, as if a page may not autoplay."""
    connects_s: float = 1.0
    """How long its connection takes to be established."""
    tells_mutes: bool = True
    """Whether the application reports `audio_off` and `video_off`."""
    lost_connection: Spans = ()
    """When ICE reports that the connection is lost."""
    fails: bool = False
    """Whether the connection does not recover, and `moves_s` makes another one."""
    moves_s: float | None = None
    """When every stream moves to another connection of the same peer."""
    held: Spans = ()
    """When the participant has the call on hold: no media is sent or received."""
    switches_s: float | None = None
    """When it takes another microphone."""
    continues: str | None = None
    """The earlier connection of the same participant that this one continues."""

    def is_there(self, moment_s: float) -> bool:
        return self.joins_s <= moment_s and (self.leaves_s is None or moment_s < self.leaves_s)


@dataclass(frozen=True, kw_only=True)
class Server:
    """What forwards. `tags` is what listeners know of a stream besides its SSRC."""

    closes_gaps: bool = False
    reports: Literal["true", "zero", "none"] = "true"
    """What it reports to senders of what it lost of theirs."""
    keeps_ssrc: bool = False
    tags: Literal["peer", "producer", None] = "peer"
    before: Sequence[Element] = ()
    after: Sequence[Element] = ()
    """The participant's own network, in both directions."""
    unrouted: frozenset[tuple[str, str, str]] = frozenset()
    """(listener, sender, kind) that it never forwards, by fault."""
    stopped: Mapping[tuple[str, str, str], float] = field(default_factory=dict)
    """(listener, sender, kind) and from which second on it does not forward them, by fault."""
    forgets_stopped: bool = False
    """Whether the listeners' reports then lack the stream."""
    last_n: int | None = None
    """How many cameras each listener gets at once, the last speakers'."""
    tells_sizes: bool = False
    """Whether listeners report the size at which they show a video."""
    thumbnails: bool = False
    has_two_connections: bool = False
    """One connection to send, one to receive."""
    keeps_idle: bool = False
    """Whether a connection that was left stays open, with all its streams."""
    keeps_streams: bool = False
    """Whether the streams of a participant who left stay in the listeners' samples."""


@dataclass(frozen=True, kw_only=True)
class Truth:
    """Something that was so, and that a careful person with all reports could know."""

    person: str | None
    """The participant at fault; `None` if it was the server or an unknown side."""
    causes: frozenset[str]
    """The causes, any of which is right."""
    span: tuple[float, float]
    about: frozenset[str] = frozenset()
    """The other participants concerned, of whom at least one must be named."""
    hurts: frozenset[str] = frozenset()
    """The participants affected: a symptom found at them at the time is true."""
    is_decidable: bool = True
    is_optional: bool = False
    """Right to report, and right to leave out."""
    loses: bool = False
    """Whether packets were lost by it for good."""
    share: float | None = None
    """Of the packets lost, where that is what was wrong."""
    lag_s: float = 0.0
    """How long its effects last after its end."""
    word: str = ""
    """In the table, when it is not the first of the causes."""


@dataclass(kw_only=True)
class Scene:
    name: str
    kind: str
    """The row of the table."""
    topology: Topology
    people: list[Person]
    length_s: float = 180.0
    interval_s: float = 7.0
    server: Server = field(default_factory=Server)
    truths: list[Truth] = field(default_factory=list)
    seed: int = 0
    edges: Mapping[tuple[str, str], Sequence[Element]] = field(default_factory=dict)
    """In a mesh, the impairment between two participants, on the path from the first to the
    second."""

    @property
    def is_clean(self) -> bool:
        return not any(not truth.is_optional for truth in self.truths)

    @property
    def peer_hours(self) -> float:
        return sum((p.leaves_s or self.length_s) - p.joins_s for p in self.people) / 3600

    def others(self, *apart: Person) -> frozenset[str]:
        """The names of all but these."""
        return frozenset(person.name for person in self.people if person not in apart)

    def participant(self, name: str) -> str:
        """The person behind a connection."""
        earlier = {person.name: person.continues for person in self.people}
        while (before := earlier[name]) is not None:
            name = before
        return name
