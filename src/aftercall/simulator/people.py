"""Simulated people: their machines and their networks."""

from dataclasses import dataclass
from random import Random
from typing import Any, Final

from aftercall.simulator.network_conditions import Weather

_FIRST_NAMES: Final = (
    "Amina", "Bruno", "Chiara", "Daniel", "Elif", "Farid", "Greta", "Hiroshi", "Ines", "Jonas",
    "Katya", "Liam", "Mei", "Noor", "Oskar", "Priya", "Quentin", "Rosa", "Sven", "Tomás",
    "Uma", "Viktor", "Wanda", "Xavier", "Yara", "Zoë",
)  # fmt: skip
_LAST_NAMES: Final = (
    "Adeyemi", "Berg", "Costa", "Dubois", "Eriksen", "Fischer", "García", "Haddad", "Ito",
    "Jansen", "Kowalski", "Lindqvist", "Moreau", "Novak", "O’Brien", "Petrov", "Rossi", "Singh",
    "Tanaka", "Weiß", "Yilmaz", "Zhang",
)  # fmt: skip

_WINDOWS: Final = {"os": "Windows", "os_version": "11", "is_mobile": False}
_MACOS: Final = {"os": "macOS", "os_version": "15.6", "is_mobile": False}
_LINUX: Final = {"os": "Linux", "os_version": "", "is_mobile": False}
_ANDROID: Final = {"os": "Android", "os_version": "16", "is_mobile": True}
_IOS: Final = {"os": "iOS", "os_version": "26.1", "is_mobile": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A device with its browser."""

    device: dict[str, Any]
    browser: dict[str, Any]
    microphone: str
    camera: str

    @property
    def speaker(self) -> str:
        """The output device: the headset that has the microphone, or the machine."""
        return self.microphone.replace("Microphone", "Speaker")


def _machine(
    device: dict[str, Any],
    cpus: int,
    memory_gb: int,
    browser: tuple[str, str, str],
    user_agent: str,
    hardware: tuple[str, str],
) -> Machine:
    name, version, engine = browser
    return Machine(
        device={**device, "cpus": cpus, "memory_gb": memory_gb},
        browser={
            "name": name,
            "version": version,
            "engine": engine,
            "user_agent": f"Mozilla/5.0 {user_agent}",
            "webgl": True,
        },
        microphone=hardware[0],
        camera=hardware[1],
    )


_CHROME: Final = ("Chrome", "156.0.0.0", "Blink")
_CHROME_AGENT: Final = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0"

_MACHINES: Final = (
    _machine(
        _WINDOWS, 8, 16, _CHROME,
        f"(Windows NT 10.0; Win64; x64) {_CHROME_AGENT} Safari/537.36",
        ("Headset Microphone (USB Audio)", "Integrated Camera"),
    ),
    _machine(
        _WINDOWS, 4, 8, ("Edge", "156.0.0.0", "Blink"),
        f"(Windows NT 10.0; Win64; x64) {_CHROME_AGENT} Safari/537.36 Edg/156.0.0.0",
        ("Microphone Array (Realtek)", "HD Webcam"),
    ),
    _machine(
        _MACOS, 10, 32, ("Safari", "26.1", "WebKit"),
        "(Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/26.1 Safari/605.1.15",
        ("MacBook Pro Microphone", "FaceTime HD Camera"),
    ),
    _machine(
        _MACOS, 8, 16, _CHROME,
        f"(Macintosh; Intel Mac OS X 10_15_7) {_CHROME_AGENT} Safari/537.36",
        ("AirPods Pro", "Studio Display Camera"),
    ),
    _machine(
        _LINUX, 16, 32, ("Firefox", "145.0", "Gecko"),
        "(X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
        ("Built-in Audio Analog Stereo", "UVC Camera"),
    ),
    _machine(
        _ANDROID, 8, 8, _CHROME,
        f"(Linux; Android 10; K) {_CHROME_AGENT} Mobile Safari/537.36",
        ("Speakerphone", "camera2 1, facing front"),
    ),
    _machine(
        _IOS, 6, 6, ("Safari", "26.1", "WebKit"),
        "(iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/26.1 Mobile/15E148 Safari/604.1",
        ("iPhone Microphone", "Front Camera"),
    ),
)  # fmt: skip

_NETWORKS: Final[tuple[dict[str, Any], ...]] = (
    {"effective_type": "4g", "ip": "192.0.2.41", "city": "Lisbon", "region": "Lisboa",
     "country": "PT", "timezone": "Europe/Lisbon", "asn": 64496, "org": "Example Fibre"},
    {"effective_type": "4g", "ip": "198.51.100.17", "city": "Utrecht", "region": "Utrecht",
     "country": "NL", "timezone": "Europe/Amsterdam", "asn": 64497, "org": "Example Cable"},
    {"effective_type": "3g", "ip": "203.0.113.88", "city": "Nairobi", "region": "Nairobi County",
     "country": "KE", "timezone": "Africa/Nairobi", "asn": 64498, "org": "Example Mobile"},
    {"effective_type": "4g", "ip": "203.0.113.129", "city": "Pune", "region": "Maharashtra",
     "country": "IN", "timezone": "Asia/Kolkata", "asn": 64499, "org": "Example Broadband"},
    {"effective_type": "4g", "ip": "198.51.100.201", "city": "Austin", "region": "Texas",
     "country": "US", "timezone": "America/Chicago", "asn": 64500, "org": "Example Office"},
    {"effective_type": "4g", "ip": "192.0.2.150", "city": "Osaka", "region": "Osaka",
     "country": "JP", "timezone": "Asia/Tokyo", "asn": 64501, "org": "Example Hikari"},
)  # fmt: skip


_LATE_WITH_UPDATES: Final = 4
"""One person of so many uses an earlier version of the application."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One who takes part."""

    name: str
    custom_id: str
    machine: Machine
    network: dict[str, Any]

    def description(self) -> dict[str, Any]:
        """The members of a `describe` entry."""
        return {
            "device": self.machine.device,
            "browser": self.machine.browser,
            "sdk": {"name": "aftercall-simulate", "version": "1", "type": "web"},
            "application": self.application(),
            "network": self.network,
            "encoder": {"audio": "opus", "video": "VP8"},
            "room_view_type": "GROUP_CALL",
        }

    def application(self) -> dict[str, str]:
        """The application that the person uses; who has a computer is not always up to date."""
        if self.machine.device["is_mobile"]:
            return {"name": self.machine.device["os"].lower(), "version": "2.8.0"}
        is_late = sum(self.custom_id.encode()) % _LATE_WITH_UPDATES == 0
        return {"name": "web", "version": "4.11.3" if is_late else "4.12.0"}

    def precall(self, weather: Weather) -> dict[str, Any]:
        """What a test of the network before the call finds: a `describe` entry's `precall`."""
        now = weather.before
        return {
            "host": True,
            "reflexive": not weather.is_relayed,
            "relay": True,
            "turn": True,
            "effective_type": self.network["effective_type"],
            "throughput_kbps": now.uplink_bps // 1_000,
            "rtt_s": round(now.round_trip_ms / 1_000, 3),
            "backend_rtt_s": round(now.round_trip_ms / 1_000 + 0.004, 3),
            "jitter_s": round(now.jitter_ms / 1_000, 4),
            "loss_fraction": round(now.uplink_loss, 4),
        }


def draw(count: int, random: Random) -> list[Person]:
    """That many different people."""
    taken: set[str] = set()
    people: list[Person] = []
    while len(people) < count:
        name = f"{random.choice(_FIRST_NAMES)} {random.choice(_LAST_NAMES)}"
        if name in taken and len(taken) < len(_FIRST_NAMES) * len(_LAST_NAMES):
            continue
        taken.add(name)
        people.append(
            Person(
                name=name,
                custom_id=f"user-{random.getrandbits(32):08x}",
                machine=random.choice(_MACHINES),
                network=random.choice(_NETWORKS),
            )
        )
    return people
