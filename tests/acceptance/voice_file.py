"""A WAV file for the fake microphones of browsers."""

import wave
from array import array
from math import pi, sin
from pathlib import Path
from random import Random

RATE_HZ = 16_000
_WORDS = 40


def write_voice(path: Path) -> Path:
    """Writes tones of half a second, each with another loudness: a steady tone would be reported as
    a stuck microphone."""
    random = Random(1)
    samples = array("h")
    for _ in range(_WORDS):
        loudness = random.uniform(0.05, 0.8) * 32_767
        word = [loudness * sin(2 * pi * 220 * i / RATE_HZ) for i in range(RATE_HZ // 2)]
        samples.extend(round(value) for value in word)
        samples.extend([0] * (RATE_HZ // 5))
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE_HZ, 0, "NONE", "not compressed"))
        file.writeframes(samples.tobytes())
    return path
