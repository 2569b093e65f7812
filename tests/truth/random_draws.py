"""Ordinary people for scenes, drawn by chance: browsers, cameras, and networks that are well."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tests.truth.path_elements import Delay, Element, Loss, Stall
from tests.truth.scene import BrowserName, Camera, Microphone, Person, Server

NAMES = ("ann", "bob", "cy", "dee", "eve", "fay", "gus", "hal")

CHROME: Sequence[BrowserName] = ("chrome",)
MIXED: Sequence[BrowserName] = ("chrome", "chrome", "chrome", "firefox", "safari", "old-firefox")


@dataclass(frozen=True)
class Draw:
    rng: np.random.Generator

    def between(self, least: float, most: float) -> float:
        return float(self.rng.uniform(least, most))

    def whole(self, least: int, most: int) -> int:
        return int(self.rng.integers(least, most + 1))

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def span(self, length_s: float, least: float = 45, most: float = 80) -> tuple[float, float]:
        """A time in the middle of a call."""
        long = min(self.between(least, most), length_s - 60)
        start = self.between(28, length_s - long - 25)
        return start, start + long

    def network(self) -> list[Element]:
        """One direction of an unimpaired network: loss under 0.8 %, jitter of a few ms, rarely a
        late packet."""
        found: list[Element] = [Delay(self.between(0.006, 0.045), self.between(0.001, 0.005))]
        if self.chance(0.5):
            found.append(Loss(self.between(0.0005, 0.008)))
        if self.chance(0.15):
            found.append(Stall(self.between(40, 90), self.between(0.05, 0.12)))
        return found

    def camera(self, *, simulcast: bool = False) -> Camera:
        width, height = [(1280, 720), (1280, 720), (640, 360), (640, 480)][self.whole(0, 3)]
        if simulcast:
            width, height = 1280, 720
        most_bps = 1_500_000 if height == 720 else 700_000
        return Camera(
            width=width,
            height=height,
            fps=float(self.rng.choice([24, 30, 30])),
            most_bps=most_bps,
            has_simulcast=simulcast,
        )

    def people(
        self,
        count: int,
        browsers: Sequence[BrowserName] = CHROME,
        *,
        simulcast: bool = False,
    ) -> list[Person]:
        return [
            Person(
                name=name,
                browser=browsers[self.whole(0, len(browsers) - 1)],
                up=self.network(),
                down=self.network(),
                microphone=Microphone(floor=self.between(0.0008, 0.005)),
                camera=self.camera(simulcast=simulcast),
                hitches_s=self.between(15, 60) if self.chance(0.3) else 0.0,
            )
            for name in NAMES[:count]
        ]

    def server(self) -> Server:
        """One of the common kinds."""
        tags = (None, "peer", "producer")[self.whole(0, 2)]
        return Server(
            keeps_ssrc=tags is None or self.chance(0.3),
            tags=tags,  # type: ignore[arg-type]
        )
