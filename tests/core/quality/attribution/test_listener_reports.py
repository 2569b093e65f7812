"""What a listener's own reports show of what it received."""

from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.stream_activity import ConnectionActivity
from aftercall.core.quality.attribution.listener_reports import (
    LEAST_PACES,
    LISTED_PACES,
    ListenerReports,
)
from aftercall.core.quality.comparison.compared_participant import ComparedParticipant
from aftercall.core.quality.issues import StreamRef
from aftercall.core.quality.stats.report_linker import Family
from aftercall.core.spans import Span
from tests.core.quality.comparison_builder import activity_of

PACE_MS = 7_000


def _span(start_s: int, end_s: int) -> Span:
    return EpochMs(1000 * start_s), EpochMs(1000 * end_s)


CALL = _span(0, 300)


def _listener(
    *,
    received: list[Span],
    sent: list[Span] | None = None,
    listed: list[Span] | None = None,
    connection: ConnectionActivity | None = None,
) -> ListenerReports:
    families = {Family.AUDIO_CONSUMER: received, Family.AUDIO_PRODUCER: sent or [CALL]}
    streams = [
        activity_of(StreamRef(peer_id="b", family=family.value), life=CALL, flowing=spans)
        for family, spans in families.items()
    ]
    streams[0].listed = listed or []
    reported = ConnectionActivity(
        peer_id="b", connection_id="pc", reported=[CALL], pace_ms=PACE_MS, silent=[_span(290, 300)]
    )
    return ListenerReports(
        ComparedParticipant(
            participant_id="b",
            peer_ids=frozenset({"b"}),
            issues=[],
            streams=streams,
            connections=[connection or reported],
        )
    )


def test_a_listener_is_present_while_reports_come_and_anything_arrives() -> None:
    assert _listener(received=[CALL]).present == [_span(0, 290)]


def test_a_call_is_on_hold_while_everything_received_and_the_own_voice_stop_together() -> None:
    around = [_span(0, 100), _span(160, 300)]
    assert _listener(received=around, sent=around).held == [_span(100, 160)]
    assert _listener(received=around).held == []
    assert _listener(received=around, sent=[_span(0, 130), _span(200, 300)]).held == []


def test_reports_that_lack_streams_now_and_then_need_more_patience() -> None:
    steady = _listener(received=[CALL])
    gaps = [_span(0, 100), _span(114, 200), _span(214, 300)]
    leaky = _listener(received=[CALL], listed=gaps)
    assert LEAST_PACES <= steady.patience < leaky.patience <= LISTED_PACES


def test_a_stream_is_missing_only_for_several_reports() -> None:
    reports = _listener(received=[CALL])
    assert reports.missing([CALL], [_span(0, 292)], 2) == []
    assert reports.missing([CALL], [_span(0, 280)], 2) == [_span(280, 300)]
    assert reports.missing([CALL], [_span(0, 280)], 4) == []


def test_reports_are_whole_if_they_list_something_or_hardly_anything_arrived() -> None:
    late = _span(200, 300)
    lists_nothing_late = {"received": [_span(0, 150)], "listed": [_span(0, 150)]}

    def reports(**spans: list[Span]) -> ListenerReports:
        connection = ConnectionActivity(peer_id="b", connection_id="pc", reported=[CALL])
        for name, when in spans.items():
            setattr(connection, name, when)
        return _listener(**lists_nothing_late, connection=connection)

    assert reports().is_whole(_span(0, 100)) is True
    assert reports(unlisted=[CALL]).is_whole(_span(0, 100)) is False
    assert reports().is_whole(late) is None
    assert reports(quiet=[late]).is_whole(late) is True
    assert reports(busy=[late], quiet=[late]).is_whole(late) is False
