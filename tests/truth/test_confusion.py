"""Calls with known truth, and how much of it the diagnosis finds: the confusion table."""

import pytest

from tests.truth.catalogue import scenes
from tests.truth.confusion_table import describe, table, totals
from tests.truth.grading import grade
from tests.truth.pipeline import verdicts

LEAST_RIGHT = 0.97
MOST_INNOCENTS = 0
MOST_FALSE_PER_HOUR = 0.1


@pytest.mark.parametrize("seed", [1, 2])
def test_the_diagnosis_equals_the_ground_truth(
    seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes = [grade(scene, verdicts(scene)) for scene in scenes(seed)]
    found = totals(outcomes)
    wrong = [each for each in outcomes if not each.is_right or each.false]
    with capsys.disabled():
        print(f"\nseed {seed}\n{table(outcomes)}")
    stories = "\n\n".join(describe(each) for each in wrong)
    assert found.share_right >= LEAST_RIGHT, stories
    assert found.innocents <= MOST_INNOCENTS, stories
    assert found.false_per_hour <= MOST_FALSE_PER_HOUR, stories
