"""Tables of other versions are refused with what to do."""

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from aftercall.store import migrations
from aftercall.store.engine.revisions import (
    UnfitDatabase,
    check_revision,
    head_revision,
    revisions,
)


def refusal(found: str | None, *, takes_older: bool) -> str:
    with pytest.raises(UnfitDatabase) as refused:
        check_revision(found, takes_older=takes_older)
    return str(refused.value)


@pytest.mark.parametrize("takes_older", [True, False])
def test_tables_of_this_program_are_taken(takes_older: bool) -> None:
    check_revision(head_revision(), takes_older=takes_older)


def test_older_tables_are_taken_only_to_be_migrated() -> None:
    check_revision("0005", takes_older=True)
    sentence = refusal("0005", takes_older=False)
    assert "--migrate" in sentence
    assert "revision 0005" in sentence


@pytest.mark.parametrize("takes_older", [True, False])
@pytest.mark.parametrize("found", ["9999", "0001", "x"])
def test_tables_that_this_program_does_not_know_are_refused(found: str, takes_older: bool) -> None:
    assert "with the Aftercall that made it" in refusal(found, takes_older=takes_older)


def test_a_database_without_a_revision_is_refused() -> None:
    assert refusal(None, takes_older=True) == "The backup holds no tables of Aftercall."


def test_the_files_of_revisions_are_named_by_them() -> None:
    config = Config()
    config.set_main_option("script_location", str(next(iter(migrations.__path__))))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    assert list(revisions()) == [each.revision for each in scripts.walk_revisions()][::-1]
    assert head_revision() == scripts.get_current_head()
