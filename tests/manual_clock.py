"""A clock that stands still until a test moves it."""

from dataclasses import dataclass

from aftercall.core.instants import EpochMs
from tests.recorder_harness import NOON


@dataclass
class ManualClock:
    now: EpochMs = NOON

    def __call__(self) -> EpochMs:
        return self.now

    def move(self, ms: int) -> None:
        self.now = EpochMs(self.now + ms)
