import re
from pathlib import Path

from aftercall.core.quality.issues import IssueName

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
