import json
from pathlib import Path

HERE = Path(__file__).parent


def test_every_set_of_published_vectors_is_used_by_a_test() -> None:
    sets = json.loads((HERE / "vectors" / "quality-vectors.json").read_text())["sets"]
    sources = "".join(path.read_text() for path in HERE.rglob("test_*.py"))
    assert len(sets) == 16
    assert {each["id"] for each in sets if f'"{each["id"]}"' not in sources} == set()
