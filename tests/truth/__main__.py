"""Plays calls with known truth and prints what the program says of them.

    .venv/bin/python -m tests.truth --seed 1 --only mesh

Every call that came out wrong is printed with its truth and all sentences, then the table.
"""

import argparse

from tests.truth.catalogue import scenes
from tests.truth.confusion_table import describe, table
from tests.truth.grading import grade
from tests.truth.pipeline import verdicts


def main() -> None:
    asked = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    asked.add_argument("--seed", type=int, nargs="*", default=[1])
    asked.add_argument("--only", default="", help="kinds of calls whose names contain this")
    asked.add_argument("--all", action="store_true", help="print the calls that came out right too")
    wanted = asked.parse_args()
    outcomes = []
    for seed in wanted.seed:
        for scene in scenes(seed, wanted.only):
            outcome = grade(scene, verdicts(scene))
            outcomes.append(outcome)
            if wanted.all or not outcome.is_right or outcome.false:
                print(describe(outcome), end="\n\n")
    print(table(outcomes))


if __name__ == "__main__":
    main()
