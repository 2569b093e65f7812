"""The microphone's rules, column by column, against a walk from interval to interval."""

from collections import deque
from itertools import pairwise
from math import sqrt
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from aftercall.core.quality.interval_columns.interval import Interval
from aftercall.core.quality.intervals.mute_state import MuteState
from aftercall.core.quality.issues import Issue, IssueName
from aftercall.core.quality.rules.microphone_rules import (
    CONSTANT_DEVIATION,
    CONSTANT_LEVEL,
    CONSTANT_SAMPLES,
    SILENT_MS,
    TOLERATED_GAP_MS,
    microphone_issues,
)
from aftercall.core.quality.stats.report_linker import Family
from aftercall.core.records import StoredPeerEvent
from tests.core.quality.interval_builder import START, STEP_MS, interval, table_of
from tests.core.quality.peer_events import event

_Told = tuple[IssueName, int, int, dict[str, float], int]


def _microphone(levels: list[float | None], **members: Any) -> list[Interval]:
    known: dict[str, Any] = {"packets_sent": 350} | members
    return [
        interval(Family.AUDIO_PRODUCER, step, audio_level=level, **known)
        for step, level in enumerate(levels, 1)
    ]


def _issues(intervals: list[Interval], *events: StoredPeerEvent) -> list[Issue]:
    tables = [table_of(intervals)] if intervals else []
    return microphone_issues("ada", tables, events, MuteState(events))


def _walked(intervals: list[Interval], changes: list[int]) -> list[_Told]:
    found: list[_Told] = []
    runs: list[tuple[object, list[Interval]]] = []
    levels: deque[Interval] = deque(maxlen=CONSTANT_SAMPLES)
    since: int | None = None
    heard = [
        i for i in intervals if i.audio_level is not None and i.packets_sent and not i.is_muted
    ]
    for i in heard:
        start_at = i.at - round(i.dt_s * 1_000)
        state = (i.audio_level == 0, sum(change <= start_at for change in changes))
        if not runs or runs[-1][0] != state:
            runs.append((state, []))
        runs[-1][1].append(i)
        levels.append(i)
        if _is_constant([each.audio_level or 0 for each in levels]):
            since = levels[0].at if since is None else since
        elif since is not None:
            found.append(_constant(since, levels))
            since = None
    if since is not None:
        found.append(_constant(since, levels))
    for _, run in runs:
        if run[0].audio_level == 0 and sum(i.dt_s for i in run) * 1_000 >= SILENT_MS:
            found += [_silence(stretch) for stretch in _stretches(run)]
    return sorted(found, key=str)


def _stretches(run: list[Interval]) -> list[list[Interval]]:
    """The run in parts between which it was not listened to."""
    found = [[run[0]]]
    for before, each in pairwise(run):
        if each.at - round(each.dt_s * 1_000) - before.at > TOLERATED_GAP_MS:
            found.append([])
        found[-1].append(each)
    return found


def _silence(stretch: list[Interval]) -> _Told:
    start_at = stretch[0].at - round(stretch[0].dt_s * 1_000)
    worst = {"loudest_level": 0.0}
    return (IssueName.SILENT_MICROPHONE, start_at, stretch[-1].at, worst, len(stretch))


def _is_constant(values: list[float]) -> bool:
    mean = sum(values) / len(values)
    deviation = sqrt(sum((value - mean) ** 2 for value in values) / len(values))
    is_full = len(values) == CONSTANT_SAMPLES
    return is_full and min(values) > CONSTANT_LEVEL and deviation < CONSTANT_DEVIATION


def _constant(since: int, levels: deque[Interval]) -> _Told:
    worst = {"level": round(levels[0].audio_level or 0, 4)}
    return (IssueName.CONSTANT_AUDIO_LEVEL, since, levels[-1].at, worst, CONSTANT_SAMPLES)


_LEVELS = st.sampled_from([0.0, 0.004, 0.01, 0.2, 0.2, 0.2, 0.2, 0.205, 0.4, None])


@given(
    st.lists(st.lists(_LEVELS, min_size=1, max_size=3).map(lambda few: few * 5), max_size=8),
    st.lists(st.integers(0, 60), max_size=3),
    st.sets(st.integers(1, 60)),
)
@settings(max_examples=60)
def test_the_column_rules_find_the_issues_of_an_interval_loop(
    runs: list[list[float | None]], changes: list[int], muted: set[int]
) -> None:
    levels = [level for run in runs for level in run]
    intervals = [
        interval(
            Family.AUDIO_PRODUCER,
            step,
            audio_level=level,
            packets_sent=350,
            is_muted=step in muted and step % 3 == 0,
        )
        for step, level in enumerate(levels, 1)
    ]
    moments = [START + step * STEP_MS for step in sorted(changes)]
    events = [event(at, "selected_microphone_update") for at in moments]
    found = [
        (i.name, i.first_at, i.last_at, i.worst, i.sample_count)
        for i in _issues(intervals, *events)
    ]
    assert sorted(found, key=str) == _walked(intervals, moments)


def test_a_muted_or_inactive_microphone_raises_no_issue() -> None:
    silent = [0.0] * 10
    assert [i.name for i in _issues(_microphone([*silent]))] == [IssueName.SILENT_MICROPHONE]
    assert _issues(_microphone([*silent], is_muted=True)) == []
    assert _issues(_microphone([*silent], is_active=False)) == []
    assert _issues(_microphone([*silent], packets_sent=0)) == []
    assert _issues(_microphone([*silent]), event(START, "audio_off")) == []


def test_a_microphone_sent_on_several_connections_is_measured_once() -> None:
    """Of a mesh of four: ten samples are ten reports, thirty seconds thirty."""
    loud = [0.2, 0.201] * 4
    for levels in (loud, [0.0] * 4):
        alone = _microphone(list(levels))
        sent = [
            interval(Family.AUDIO_PRODUCER, step, ssrc, audio_level=level, packets_sent=350)
            for step, level in enumerate(levels, 1)
            for ssrc in (1, 2, 3)
        ]
        assert _issues(alone) == _issues(sent) == []
    assert len(_issues(_microphone([0.0] * 5))) == 1
