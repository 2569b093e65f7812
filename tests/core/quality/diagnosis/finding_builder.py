"""Builds findings, figures and sentences about Ann Lee's call."""

from typing import Any

from aftercall.core.instants import EpochMs
from aftercall.core.quality.diagnosis.figures import MEASURES, Figure
from aftercall.core.quality.diagnosis.findings import Finding
from aftercall.core.quality.diagnosis.sentences import sentence_of
from aftercall.core.quality.diagnosis.wording import Mentions, People
from tests.core.quality.synthetic_call import CALL_START

NAMES = {"ann": "Ann Lee", "bob": "Bob", "cy": "Cy", "de": "de Vries"}
MINUTE = [(CALL_START, EpochMs(CALL_START + 60_000))]
TIME = "from 10:00:00 to 10:01:00 UTC"


def figure(name: str, typical: float | None, worst: float) -> Figure:
    return Figure(name=name, unit=MEASURES[name].unit, typical=typical, worst=worst)


def finding(cause: str = "uplink", **parts: Any) -> Finding:
    """A finding about Ann in the first minute of the call."""
    known: dict[str, Any] = {
        "cause": cause,
        "severity": "warning",
        "first_at": MINUTE[0][0],
        "last_at": MINUTE[0][1],
        "issues": [],
        "subject": "ann",
    }
    return Finding(**(known | parts))


def sentence(cause: str, **parts: Any) -> str:
    """The sentence of a finding in the first minute of the call."""
    return sentence_of(finding(cause, **{"spans": MINUTE} | parts), Mentions(People(NAMES)))
