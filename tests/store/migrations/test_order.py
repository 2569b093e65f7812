"""The numbers of the revisions are their order, by which a database is recognised as current."""

from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory

from aftercall import store
from aftercall.store.engine.revisions import head_revision, revisions


def test_each_revision_follows_the_one_with_the_number_before() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(store.__file__).parent / "migrations"))
    scripts = ScriptDirectory.from_config(config)
    walked = [script.revision for script in scripts.walk_revisions()]
    assert walked[::-1] == list(revisions())
    assert scripts.get_heads() == [head_revision()]
