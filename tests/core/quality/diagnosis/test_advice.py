"""The advice for each cause is the one that the documentation gives."""

import re
from pathlib import Path

import pytest

from aftercall.core.quality.diagnosis.advice import ADVICE

PAGE = (Path(__file__).parents[4] / "docs" / "explain" / "diagnosis.md").read_text()


def _documented() -> dict[str, set[str]]:
    """The words in backquotes in the table of causes, by cause."""
    table = PAGE.partition("what to do (`advice_key`)")[2].partition("\n\n")[0]
    found: dict[str, set[str]] = {}
    before: set[str] = set()
    for line in table.splitlines()[2:]:
        cells = re.split(r"(?<!\\)\|", line)
        before = set(re.findall(r"`(\w+)`", cells[3])) or before
        for cause in re.findall(r"`(\w+)`", cells[1]):
            found[cause] = before
    return found


@pytest.mark.parametrize("cause", ADVICE)
def test_every_cause_is_documented_with_its_advice(cause: str) -> None:
    assert ADVICE[cause].key in _documented()[cause]


@pytest.mark.parametrize("cause", ADVICE)
def test_advice_follows_a_colon_and_names_only_who_can_act(cause: str) -> None:
    clause = ADVICE[cause].clause
    worded = clause.format(name="{Ann}")
    assert worded[0].islower() and not worded.endswith(".")
    assert ("{Ann}" in worded) == ("{name}" in clause)


def test_only_causes_without_a_remedy_at_a_participant_name_none() -> None:
    nobody = {cause for cause, advice in ADVICE.items() if "{name}" not in advice.clause}
    assert nobody == {"reception", "server", "poor_sound", "poor_picture"}
