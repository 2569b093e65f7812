"""Every kind of call, drawn by chance for a seed."""

from collections.abc import Iterator

import numpy as np

from tests.truth.clean_scenes import CLEAN_SCENES
from tests.truth.media_scenes import MEDIA_SCENES
from tests.truth.mixed_scenes import MIXED_SCENES
from tests.truth.network_scenes import NETWORK_SCENES
from tests.truth.random_draws import Draw
from tests.truth.scene import Scene

SCENES = {**NETWORK_SCENES, **MEDIA_SCENES, **MIXED_SCENES, **CLEAN_SCENES}


def scenes(seed: int, only: str = "") -> Iterator[Scene]:
    """One call of each kind whose name contains `only`."""
    for name, make in SCENES.items():
        if only in name:
            scene = make(Draw(np.random.default_rng([seed, sum(name.encode()), len(name)])))
            scene.name, scene.kind, scene.seed = name, name, seed
            yield scene
