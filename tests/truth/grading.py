"""The findings about a call, compared with its truth."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from aftercall.core.quality.diagnosis.findings import Finding
from aftercall.core.quality.report.fold import Verdict
from tests.truth.collector_entries import EPOCH_MS, peer_id
from tests.truth.scene import Scene, Truth

Grade = Literal["right", "time", "cause", "person", "missed"]

SYMPTOMS: Final = frozenset(
    (
        *("poor_sound", "poor_picture", "lateness", "reception", "round_trip", "sender"),
        *("one_way_audio", "no_video_received", "interruption"),
    )
)
"""Phrases for what a participant suffered, which blame no participant and are right if it did
suffer."""

DENIALS: Final = re.compile(
    r"next to nothing|hardly any packet|(?<!\.)\b(?:0|none|nobody) of (?:the )?\d+|nobody heard",
    re.I,
)
"""Statements that no packets were lost, or that loss was not audible: false if packets were
lost."""

SLACK_S: Final = 6.0
WARM_UP_S: Final = 12.0


@dataclass(frozen=True)
class Sentence:
    """A finding, and the participant whose report contains it."""

    person: str
    finding: Finding

    def __str__(self) -> str:
        f = self.finding
        start, end = (round((at - EPOCH_MS) / 1000) for at in (f.first_at, f.last_at))
        return f"{self.person} [{f.severity} {f.cause} {start}–{end} s] {f.sentence}"

    @property
    def is_trouble(self) -> bool:
        return self.finding.severity != "information"

    @property
    def span(self) -> tuple[float, float]:
        f = self.finding
        return (f.first_at - EPOCH_MS) / 1000, (f.last_at - EPOCH_MS) / 1000


@dataclass
class GradedCall:
    """A call judged."""

    scene: Scene
    sentences: list[Sentence]
    grades: list[tuple[Truth, Grade]] = field(default_factory=list)
    false: list[Sentence] = field(default_factory=list)
    innocents: list[Sentence] = field(default_factory=list)
    """The false findings that blame a participant without a part in the impairment."""

    @property
    def is_right(self) -> bool:
        return all(grade == "right" for truth, grade in self.grades if truth.is_decidable)


def grade(scene: Scene, verdicts: Mapping[str, Verdict]) -> GradedCall:
    sentences = [
        Sentence(person, finding)
        for person, verdict in verdicts.items()
        for finding in verdict.diagnosis
    ]
    outcome = GradedCall(scene, sentences)
    for truth in scene.truths:
        if not truth.is_optional:
            outcome.grades.append((truth, _grade(truth, scene, sentences)))
    guilty = {truth.person for truth in scene.truths}
    for sentence in sentences:
        if sentence.is_trouble and not _is_true(sentence, scene):
            outcome.false.append(sentence)
            if sentence.finding.cause not in SYMPTOMS and sentence.person not in guilty:
                outcome.innocents.append(sentence)
    return outcome


def _grade(truth: Truth, scene: Scene, sentences: list[Sentence]) -> Grade:
    trouble = [each for each in sentences if each.is_trouble]
    owns = [s for s in trouble if truth.person is None or s.person == truth.person]
    fitting = [s for s in owns if s.finding.cause in truth.causes and _is_about(s, truth, scene)]
    if any(_is_timely(each, truth, scene) for each in fitting):
        return "right"
    if fitting:
        return "time"
    if any(s.finding.cause in truth.causes and _overlap(s, truth) > 0 for s in trouble):
        return "person"
    if any(s.finding.cause not in SYMPTOMS and _overlap(s, truth) > 0 for s in owns):
        return "cause"
    return "missed"


def _is_about(sentence: Sentence, truth: Truth, scene: Scene) -> bool:
    if not truth.about:
        return True
    named = set(sentence.finding.peer_ids)
    return bool(named & {*truth.about, *(peer_id(scene, name) for name in truth.about)})


def _is_timely(sentence: Sentence, truth: Truth, scene: Scene) -> bool:
    """Whether the finding begins and ends with the impairment, within two samples; an impairment in
    the first seconds of a stay may be found a little later."""
    slack = 2 * scene.interval_s + SLACK_S
    start, end = sentence.span
    begin = truth.span[0]
    joined = max((p.joins_s for p in scene.people if p.joins_s <= begin), default=0.0)
    late = WARM_UP_S if begin - joined < WARM_UP_S else 0.0
    is_begun = -slack <= start - begin <= slack + late
    return is_begun and -slack <= end - min(truth.span[1], scene.length_s) <= slack + truth.lag_s


def _overlap(sentence: Sentence, truth: Truth) -> float:
    start, end = sentence.span
    return min(end, truth.span[1] + SLACK_S) - max(start, truth.span[0] - SLACK_S)


def _is_true(sentence: Sentence, scene: Scene) -> bool:
    finding = sentence.finding
    if DENIALS.search(finding.sentence) and _is_denied(sentence, scene):
        return False
    start, end = sentence.span
    for truth in scene.truths:
        length = end - start
        slack = 2 * scene.interval_s + SLACK_S
        within = min(end, truth.span[1] + slack + truth.lag_s) - max(start, truth.span[0] - slack)
        if within < max(0.0, 0.8 * length):
            continue
        is_own = truth.person in (None, sentence.person)
        if is_own and finding.cause in truth.causes:
            return _is_exact(finding, truth)
        if finding.cause in SYMPTOMS and sentence.person in (*truth.hurts, truth.person):
            return True
    return False


def _is_exact(finding: Finding, truth: Truth) -> bool:
    """Whether the finding names only affected participants, and states loss within half of the true
    value, or four percent."""
    if truth.hurts and not set(finding.affected) <= {*truth.hurts, truth.person}:
        return False
    loss = finding.figure("loss_percent")
    if loss is None or truth.share is None or finding.cause not in ("uplink", "downlink"):
        return True
    percent = 100 * truth.share
    return abs(loss.usual() - percent) <= max(4.0, 0.5 * percent)


def _is_denied(sentence: Sentence, scene: Scene) -> bool:
    return any(
        truth.loses and sentence.person in (*truth.hurts, truth.person) for truth in scene.truths
    )
