import msgspec
import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.overview.live_facts import LiveSessions, changed_session_of
from aftercall.core.records import EndReason, Phase, Session
from aftercall.wire.dashboard.live_updates import encode_live_update


def _session(phase: Phase) -> Session:
    has_ended = phase is Phase.ENDED
    return Session(
        app_id="app",
        id="session",
        meeting_id="meeting",
        title="Standup",
        phase=phase,
        created_at=EpochMs(1),
        started_at=EpochMs(2),
        ended_at=EpochMs(4) if has_ended else None,
        end_reason=EndReason.EMPTIED if has_ended else None,
        updated_at=EpochMs(3),
        touched_at=EpochMs(3),
        live_participants=0 if has_ended else 2,
        total_participants=3,
        minutes_consumed=1.5,
    )


def test_a_greeting_names_the_live_sessions() -> None:
    hello = encode_live_update(LiveSessions(EpochMs(5), ["one", "other"]))
    assert msgspec.json.encode(hello) == b'{"now":5,"live":["one","other"]}'


@pytest.mark.parametrize(
    ("phase", "state"),
    [
        (Phase.DRAINING, b'"status":"LIVE","phase":"draining"'),
        (Phase.ENDED, b'"status":"ENDED","phase":"ended"'),
    ],
)
def test_a_session_has_minutes_once_it_has_ended(phase: Phase, state: bytes) -> None:
    session = _session(phase)
    text = msgspec.json.encode(encode_live_update(changed_session_of(session)))
    rest = (
        b'"ended_at":4,"live_participants":0,"total_participants":3,"minutes":1.5'
        if phase is Phase.ENDED
        else b'"ended_at":null,"live_participants":2,"total_participants":3,"minutes":null'
    )
    assert text == (
        b'{"id":"session","meeting_id":"meeting","title":"Standup",%s,"started_at":2,%s,'
        b'"updated_at":3}' % (state, rest)
    )
