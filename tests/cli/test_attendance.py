"""`aftercall attendance` as an operator or a script runs it."""

import asyncio
import csv
import io
import json

import pytest

from aftercall.store.engine.database import Database
from tests.cli.command_line import Operator
from tests.stored_calls import lossy_call, store_call


def _made(run: Operator) -> None:
    app_id: str = json.loads(run("app", "create", "Support", "--json").stdout)["app_id"]

    async def store() -> None:
        db = await Database.open(f"sqlite:///{run.folder / 'aftercall.db'}")
        await store_call(db, lossy_call(), app_id)
        await db.close()

    asyncio.run(store())


def _rows(run: Operator, *words: str) -> list[dict[str, str]]:
    done = run("attendance", *words)
    assert done.exit_code == 0, done.stderr
    return list(csv.DictReader(io.StringIO(done.stdout)))


def test_a_session_and_its_meeting_have_the_same_people_and_a_sum(run: Operator) -> None:
    _made(run)
    rows = _rows(run, "--session", "session", "--zone", "Europe/Berlin")
    assert len(rows) > 2
    assert {row["zone"] for row in rows[:-1]} == {"Europe/Berlin"}
    assert rows[-1]["name"] == f"{len(rows) - 1} people"
    of_meeting = _rows(run, "--meeting", "meeting", "--zone", "Europe/Berlin")
    assert {row["person"] for row in of_meeting} == {row["person"] for row in rows}
    assert float(of_meeting[-1]["minutes"]) == float(rows[-1]["minutes"])


def test_a_month_without_sessions_has_a_head_and_an_empty_sum(run: Operator) -> None:
    _made(run)
    (total,) = _rows(run, "--month", "2020-01")
    assert total["name"] == "0 people"


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--session", "s", "--month", "2026-11"),
        ("--month", "November"),
        ("--month", "2026-11", "--zone", "Mars/Olympus"),
    ],
)
def test_a_question_that_names_nothing_or_two_things_is_refused(
    run: Operator, words: tuple[str, ...]
) -> None:
    _made(run)
    assert run("attendance", *words).exit_code == 2


def test_an_unknown_session_is_refused(run: Operator) -> None:
    _made(run)
    done = run("attendance", "--session", "none")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "none" in done.stderr
