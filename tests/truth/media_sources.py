"""What participants send: the level of each microphone, the frames of each video."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.truth.path_elements import Floats, within
from tests.truth.scene import Camera, Microphone, Person, Screen

SLOT_S = 0.02
"""The audio level of a packet."""


@dataclass(eq=False, kw_only=True)
class Voice:
    """A microphone in slots of 20 ms: how loud it was, and what of it was sent."""

    levels: Floats
    """As the device gives it, 0 while it is muted."""
    is_speech: NDArray[np.bool_]
    is_muted: NDArray[np.bool_]
    is_absent: NDArray[np.bool_]


@dataclass(eq=False, kw_only=True)
class Frames:
    """The frames that a camera or a screen gave, before the encoder."""

    at: Floats
    width: int
    height: int
    cost: Floats
    """The bytes that a frame needs, relative to an ordinary one."""


def voices(people: Sequence[Person], length_s: float, rng: np.random.Generator) -> dict[str, Voice]:
    """A conversation: turns of some seconds, with words and pauses in them."""
    slots = int(length_s / SLOT_S) + 1
    at = np.arange(slots) * SLOT_S
    speaking = {person.name: np.zeros(slots, dtype=np.bool_) for person in people}
    talkers = [p for p in people if p.microphone is not None and p.microphone.speaks > 0]
    shares = np.array([p.microphone.speaks for p in talkers if p.microphone is not None])
    moment = 0.0
    while talkers and moment < length_s:
        who = talkers[int(rng.choice(len(talkers), p=shares / shares.sum()))]
        length = float(rng.uniform(2, 12))
        speaking[who.name][int(moment / SLOT_S) : int((moment + length) / SLOT_S)] = True
        moment += length + float(rng.exponential(0.6))
    return {
        person.name: _voice(person.microphone, speaking[person.name], at, rng)
        for person in people
        if person.microphone is not None
    }


def _voice(
    microphone: Microphone, turn: NDArray[np.bool_], at: Floats, rng: np.random.Generator
) -> Voice:
    count = len(at)
    words = rng.geometric(SLOT_S / 0.7, count // 10 + 10)
    pauses = rng.geometric(SLOT_S / 0.25, count // 10 + 10)
    lengths = np.stack([words, pauses], axis=1).ravel()
    is_word = np.repeat(np.tile([True, False], len(words)), lengths)[:count]
    loud = np.repeat(rng.lognormal(np.log(0.12), 0.5, count // 5 + 1), 5)[:count].clip(0.02, 0.9)
    noise = microphone.floor * rng.lognormal(0.0, 0.35, count)
    is_speech = turn & is_word
    muted = within(at, microphone.muted)
    levels = np.where(is_speech, loud, noise)
    humming = within(at, microphone.hum)
    levels[humming] = 0.22 + rng.normal(0, 0.001, int(humming.sum()))
    levels[within(at, microphone.dead) | muted] = 0.0
    return Voice(
        levels=levels,
        is_speech=is_speech & (levels > 0),
        is_muted=muted,
        is_absent=within(at, microphone.absent),
    )


def camera_frames(camera: Camera, length_s: float, rng: np.random.Generator) -> Frames:
    at = np.arange(int(length_s * camera.fps)) / camera.fps
    at = at + rng.normal(0, 0.002, len(at)).clip(-0.008, 0.008)
    is_black = within(at, camera.off)
    # A browser sends a black frame a second for a camera that is switched off.
    is_kept = ~is_black | (np.diff(np.floor(at), prepend=-1) > 0)
    is_kept &= ~within(at, camera.starved)
    cost = rng.lognormal(0.0, 0.2, len(at))
    cost[is_black] = 0.02
    return Frames(
        at=at[is_kept].clip(0), width=camera.width, height=camera.height, cost=cost[is_kept]
    )


def screen_frames(screen: Screen, length_s: float, rng: np.random.Generator) -> Frames:
    """A screenshare gives a frame at each change, and one a second without changes."""
    found: list[Floats] = []
    costs: list[Floats] = []
    for start, end in screen.during:
        end, moment = min(end, length_s), start
        while moment < end:
            if screen.content == "video":
                times = np.arange(moment, end, 1 / 30)
                costs.append(rng.lognormal(0.0, 0.2, len(times)))
            elif screen.content == "scrolling":
                times = moment + np.arange(int(rng.integers(10, 60))) / 15
                costs.append(rng.lognormal(-0.5, 0.3, len(times)))
            else:
                times = moment + np.arange(int(rng.integers(2, 9))) / rng.choice([5, 10, 15])
                costs.append(np.concatenate([[6.0], np.full(len(times) - 1, 1.0)]))
            found.append(times)
            moment = float(times[-1]) + 1 / 15
            still = float(rng.uniform(6, 40) if screen.content == "slides" else rng.uniform(0.5, 6))
            refreshes = np.arange(moment + 1.0, min(moment + still, end), 1.0)
            found.append(refreshes)
            costs.append(np.full(len(refreshes), 0.05))
            moment += still
    at = np.concatenate([*found, np.empty(0)])
    cost = np.concatenate([*costs, np.empty(0)])
    is_in = within(at, screen.during) & (at < length_s)
    return Frames(at=at[is_in], width=screen.width, height=screen.height, cost=cost[is_in])
