"""The glossary lists the public types of core and the terms of the pages, and no other."""

import ast
import re
from collections import Counter
from pathlib import Path

from aftercall.core.quality.experience.levels import WORDS
from aftercall.core.quality.issues import IssueName

ROOT = Path(__file__).parent.parent
CORE = ROOT / "src/aftercall/core"
PAGES = ROOT / "dashboard/src"
GLOSSARY = (ROOT / "docs/glossary.md").read_text()

_TYPE_ROW = re.compile(r"^\| `(\w+)` \| (.+) \| (.+) \|$", re.MULTILINE)
_TERM_ROW = re.compile(r"^\| ([^`|]+?) \| ([^|]+) \|$", re.MULTILINE)
_HEADING = re.compile(r"<h[1-3][^>]*>\s*([A-Z][^<{]*[^<{\s])\s*<")
_TITLE = re.compile(r'\btitle: "([^"]+)"')
_LABEL = re.compile(r'^ +(?:[a-z_]+): "([A-Z][^"]*)",?$', re.MULTILINE)
_UNLABELLED = re.compile(r'^  ([a-z_]+): "",$', re.MULTILINE)


def _types() -> list[str]:
    return [
        node.name
        for path in sorted(CORE.rglob("*.py"))
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]


def _terms() -> set[str]:
    sources = {path: path.read_text() for path in PAGES.rglob("*.ts*")}
    found = {words.capitalize() for words in WORDS}
    for path, text in sources.items():
        found |= {*_HEADING.findall(text), *_TITLE.findall(text)}
        if path.parent.name == "format":
            found |= set(_LABEL.findall(text))
            found |= {name.replace("_", " ").capitalize() for name in _UNLABELLED.findall(text)}
    return found


def _listed_terms() -> list[str]:
    rows = [term for term, _ in _TERM_ROW.findall(GLOSSARY)]
    return [term for term in rows if term != "term" and not term.startswith("---")]


def test_every_public_type_of_core_is_listed_and_no_other() -> None:
    listed = [name for name, _, _ in _TYPE_ROW.findall(GLOSSARY)]
    assert sorted(listed) == sorted(_types())


def test_no_two_types_of_core_have_one_name() -> None:
    assert [name for name, count in Counter(_types()).items() if count > 1] == []


def test_every_type_has_a_meaning_in_one_sentence_and_an_origin() -> None:
    for name, meaning, origin in _TYPE_ROW.findall(GLOSSARY):
        assert meaning.endswith("."), name
        assert origin.strip(), name


def test_every_term_of_the_pages_is_listed_and_no_other() -> None:
    terms = _terms()
    assert len(terms) > len(IssueName)
    assert sorted(_listed_terms()) == sorted(terms)
