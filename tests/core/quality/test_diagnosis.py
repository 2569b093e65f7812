import re
from pathlib import Path

from aftercall.core.instants import EpochMs
from aftercall.core.quality.attribution import Party, Session
from aftercall.core.quality.diagnosis import diagnose
from aftercall.core.quality.findings import Finding, Subject
from aftercall.core.quality.issues import IssueName
from aftercall.core.quality.traces import Span

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "explain" / "diagnosis.md"


def _explained() -> set[str]:
    """The words that head a row of one of the page's tables."""
    heads = re.findall(r"^\| (`.*?) \|", PAGE.read_text(), re.MULTILINE)
    return {word for head in heads for word in re.findall(r"`(\w+)`", head)}


def test_every_issue_is_explained() -> None:
    assert {name.value for name in IssueName} <= _explained()


def test_every_cause_is_explained() -> None:
    quality = ROOT / "src" / "aftercall" / "core" / "quality"
    sources = [quality / name for name in ("diagnosis.py", "network_findings.py")]
    told = {
        cause
        for source in sources
        for cause in re.findall(r'(?:finding\(\s*|cause=)"(\w+)"', source.read_text())
    }
    assert len(told) > 12
    assert told <= _explained()


def _told_of_stays(*seconds: tuple[int, int]) -> list[Finding]:
    """What is said of Ada, who was there so many seconds after ten o'clock."""
    ten = 1_795_255_200_000
    stays: list[Span] = [(EpochMs(ten + a * 1_000), EpochMs(ten + b * 1_000)) for a, b in seconds]
    session = Session([Party(row_id="ada", peer_ids=frozenset({"ada"}), issues=[], traces=[])])
    subject = Subject(row_id="ada", issues=[], stays=stays, device_choices=[], names={})
    return diagnose(subject, session)


def test_who_came_again_is_told_with_the_time_away() -> None:
    assert _told_of_stays((0, 60)) == []
    [once] = _told_of_stays((0, 60), (73, 600))
    assert once.sentence == "They were gone from 10:01:00 to 10:01:13 UTC and rejoined (13 s away)."
    [often] = _told_of_stays((0, 60), (70, 100), (110, 200), (210, 300), (310, 600))
    assert often.sentence == (
        "They were gone 4 times between 10:01:00 and 10:05:10 UTC, 40 s in all, and rejoined."
    )
