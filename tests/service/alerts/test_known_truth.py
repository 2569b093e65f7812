"""Alerts on calls with known truth: impaired ones are raised and resolved, clean ones are not. Of
the catalogue every second one is played.

All calls go on at once, as in a server that is busy, and are evaluated as by `run_alerts`.
"""

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from aftercall.core.alerts.rules import IssueCondition
from aftercall.core.events import Identity, PeerJoined
from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.ingest import collector
from aftercall.store.engine.database import Database
from aftercall.store.tables import schema
from tests.conftest import NewDatabase
from tests.http_receiver import HttpReceiver
from tests.ingest.translation import translate
from tests.manual_clock import ManualClock
from tests.service.alerts.alert_harness import APP, Alerts
from tests.truth.catalogue import scenes
from tests.truth.collector_entries import EPOCH_MS, Entry, entries, peer_id
from tests.truth.connection_changes import play_scene
from tests.truth.scene import Scene

LEAST_RAISED = 0.95
STEP_S = 30
END_S = 400


class Sent(NamedTuple):
    """What one peer sends, in order."""

    peer_id: str
    meeting_id: str
    name: str
    entries: list[Entry]


def _sent(found: list[Scene]) -> list[Sent]:
    sent = []
    for scene in found:
        play = play_scene(scene)
        for person in scene.people:
            id = peer_id(scene, person.name)
            sent.append(Sent(id, scene.name, person.name, entries(play, person)))
    return sent


async def _record(alerts: Alerts, each: Sent, after: int, until: int) -> None:
    batch = [entry for entry in each.entries if after < entry["at"] <= until]
    if not batch:
        return
    body = {"v": 1, "peer_id": each.peer_id, "sent_at": until, "entries": batch}
    found = translate(
        collector,
        json.dumps(body).encode(),
        received_at=until,
        identity=Identity(user_id=f"{each.meeting_id} {each.name}", display_name=each.name),
    )
    events = [
        replace(event, meeting_id=each.meeting_id) if isinstance(event, PeerJoined) else event
        for event in found.events
    ]
    await alerts.services.recorder.record(APP, events, source=collector.SOURCE)


async def _play(alerts: Alerts, found: list[Scene]) -> list[dict[str, Any]]:
    sent = _sent(found)
    before = EPOCH_MS - 1
    for second in range(STEP_S, END_S, STEP_S):
        now = EPOCH_MS + second * SECOND_MS
        alerts.clock.now = EpochMs(now)
        for each in sent:
            await _record(alerts, each, before, now)
        before = now
        for app_id, session_id in sorted(await alerts.services.recorder.overdue()):
            await alerts.services.recorder.apply_rules(app_id, session_id)
        await alerts.evaluate()
    return alerts.messages


@pytest.fixture
def found() -> list[Scene]:
    return list(scenes(1))[::2]


async def test_impaired_calls_are_raised_and_resolved_and_clean_ones_are_not(
    found: list[Scene],
    new_database: NewDatabase,
    receiver: HttpReceiver,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with new_database("sqlite") as url:
        db = await Database.open(url)
        alerts = Alerts(db, receiver, ManualClock(), tmp_path)
        await alerts.add_rule(IssueCondition(), clear_s=30)
        try:
            messages = await _play(alerts, found)
            c = schema.sessions.c
            async with db.read() as tx:
                names = {id: name for id, name in await tx.execute(select(c.id, c.meeting_id))}
        finally:
            await alerts.services.sender.close()
            await db.close()
    raised, resolved = (
        [names[each["alert"]["sessions"][0]["id"]] for each in messages if each["type"] == kind]
        for kind in ("alert.raised", "alert.resolved")
    )
    clean = {scene.name for scene in found if scene.is_clean}
    impaired = {scene.name for scene in found} - clean
    assert len(impaired) > 35 and len(clean) > 15
    assert set(raised) & clean == set()
    assert sorted(resolved) == sorted(raised)
    missed = sorted(impaired - set(raised))
    with capsys.disabled():
        sys.stdout.write(f"\n{len(impaired) - len(missed)} of {len(impaired)}, not {missed}\n")
    assert len(missed) <= (1 - LEAST_RAISED) * len(impaired), missed
