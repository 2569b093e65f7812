"""The published vectors with which the models are compared."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Rows = list[dict[str, Any]]


@pytest.fixture(scope="session")
def vectors() -> Callable[[str], Rows]:
    """The rows of a set, by its id, each with the names of its columns."""
    path = Path(__file__).parent / "vectors" / "quality-vectors.json"
    sets = {each["id"]: each for each in json.loads(path.read_text())["sets"]}

    def rows_of(set_id: str) -> Rows:
        found = sets[set_id]
        columns = found.get("columns")
        rows = found["rows"]
        return [dict(zip(columns, row, strict=True)) for row in rows] if columns else rows

    return rows_of
