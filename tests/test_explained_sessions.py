"""The table in the documents is the table in the program."""

from pathlib import Path

from aftercall.core.lifecycle.state_machine import TRANSITIONS, Trigger
from aftercall.core.records import Phase

PAGE = Path(__file__).resolve().parents[1] / "docs" / "explain" / "sessions.md"


def test_the_documented_transitions_match_the_program() -> None:
    columns = [Trigger.CLOSED, Trigger.OCCUPIED, Trigger.EMPTIED, Trigger.DEADLINE]
    header = "| from | " + " | ".join(columns) + " |"
    rows = [
        f"| {phase} | " + " | ".join(TRANSITIONS[phase].get(t, "–") for t in columns) + " |"
        for phase in Phase
    ]
    text = PAGE.read_text(encoding="utf-8")
    assert "\n".join([header, "|---|---|---|---|---|", *rows]) in text
