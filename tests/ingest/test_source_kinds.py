from aftercall.ingest.source_kinds import CLIENT_SOURCES, ROOM_SOURCES


def test_nobody_speaks_both_for_a_participant_and_for_a_room() -> None:
    assert frozenset() == CLIENT_SOURCES & ROOM_SOURCES
    assert {"collector", "livekit"} <= CLIENT_SOURCES | ROOM_SOURCES
