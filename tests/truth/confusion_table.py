"""The confusion table: for each truth how often it was found, and the false findings."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.truth.grading import Grade, GradedCall

GRADES: Sequence[Grade] = ("right", "time", "cause", "person", "missed")


@dataclass(frozen=True, kw_only=True)
class Totals:
    calls: int
    decidable: int
    right: int
    innocents: int
    clean_hours: float
    clean_false: int
    impaired_false: int

    @property
    def share_right(self) -> float:
        return self.right / self.decidable if self.decidable else 1.0

    @property
    def false_per_hour(self) -> float:
        return self.clean_false / self.clean_hours if self.clean_hours else 0.0


def totals(outcomes: Iterable[GradedCall]) -> Totals:
    every = list(outcomes)
    impaired = [each for each in every if not each.scene.is_clean]
    clean = [each for each in every if each.scene.is_clean]
    decidable = [each for each in impaired if any(t.is_decidable for t, _ in each.grades)]
    return Totals(
        calls=len(every),
        decidable=len(decidable),
        right=sum(each.is_right for each in decidable),
        innocents=sum(bool(each.innocents) for each in every),
        clean_hours=sum(each.scene.peer_hours for each in clean),
        clean_false=sum(len(each.false) for each in clean),
        impaired_false=sum(len(each.false) for each in impaired),
    )


def table(outcomes: Iterable[GradedCall]) -> str:
    """A row for each kind of truth: how often it was found, and how it was missed."""
    every = list(outcomes)
    rows: dict[str, Counter[str]] = {}
    for outcome in every:
        for truth, grade in outcome.grades:
            word = truth.word or min(truth.causes)
            rows.setdefault(word, Counter())[grade] += 1
        if outcome.scene.is_clean:
            rows.setdefault("clean calls", Counter())["right"] += not outcome.false
            rows["clean calls"]["false"] += bool(outcome.false)
    lines = [f"{'truth':<20}{''.join(f'{g:>8}' for g in (*GRADES, 'false'))}"]
    for word, counts in sorted(rows.items()):
        cells = "".join(f"{counts[grade] or '·':>8}" for grade in (*GRADES, "false"))
        lines.append(f"{word:<20}{cells}")
    return "\n".join([*lines, "", summary(totals(every))])


def summary(found: Totals) -> str:
    return (
        f"{found.calls} calls: {found.right} of {found.decidable} decidable ones right "
        f"({found.share_right:.1%}), innocents blamed in {found.innocents}, "
        f"{found.impaired_false} false sentences in impaired calls, {found.clean_false} in "
        f"{found.clean_hours:.1f} clean peer-hours ({found.false_per_hour:.2f} an hour)"
    )


def describe(outcome: GradedCall) -> str:
    """A call with a wrong outcome: its truth, and every sentence that was given."""
    scene = outcome.scene
    lines = [f"{scene.name} (seed {scene.seed}, {scene.topology})"]
    people = ", ".join(f"{person.name}/{person.browser}" for person in scene.people)
    lines.append(f"  people: {people}")
    for truth, grade in outcome.grades:
        start, end = truth.span
        who = truth.person or "nobody"
        about = f" about {', '.join(sorted(truth.about))}" if truth.about else ""
        causes = "/".join(sorted(truth.causes))
        lines.append(f"  truth:  {who} {causes}{about} {start:.0f}–{end:.0f} s: {grade}")
    for sentence in outcome.sentences:
        mark = "FALSE " if sentence in outcome.false else "      "
        mark = "BLAMED" if sentence in outcome.innocents else mark
        lines.append(f"  {mark}  {sentence}")
    return "\n".join(lines)
