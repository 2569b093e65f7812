"""The public cases of `tests/samples/cases`."""

import json
from pathlib import Path
from typing import Any

CASES = Path(__file__).parent / "samples" / "cases"


def case(name: str) -> dict[str, Any]:
    """A case by the beginning of its file's name."""
    (path,) = CASES.glob(f"{name}-*.json")
    found: dict[str, Any] = json.loads(path.read_text())
    return found
