import doctest
from pathlib import Path

PAGE = Path(__file__).parents[3] / "docs" / "explain" / "quality.md"


def test_the_examples_of_the_page_match_the_program() -> None:
    result = doctest.testfile(str(PAGE), module_relative=False)
    assert result.attempted > 12
    assert result.failed == 0
