"""The intake's answers: which entries were accepted, and which were rejected and why.

A format is a function that encodes the answer and the JSON Schema of its `data`.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgspec

from aftercall.core.records import Phase
from aftercall.ingest.source import Rejected
from aftercall.service.recording.delivery import ACCEPTED, Next, Outcome, Receipt, Status

_ENCODER: Final = msgspec.json.Encoder()


class Recorded(NamedTuple):
    """The outcomes of the entries of a body."""

    rejected: list[Rejected]
    """Entries that the source refused."""
    positions: Sequence[int]
    outcomes: Sequence[Outcome]
    """Of each fact in turn, parallel to `positions`; what comes after the last position belongs to
    no entry."""
    ignored: int = 0
    receipt: Receipt | None = None
    """For a participant's client."""
    interval_ms: int = 0
    """How often the client is asked to take a sample."""
    request_interval_ms: int = 0
    """How often it is asked to send what it has."""


class AnswerFormat(NamedTuple):
    """How an answer is written: `encode` returns its body, `schema` describes its `data`."""

    status: int
    encode: Callable[[Recorded], bytes]
    schema: Mapping[str, Any]


def _success(data: Mapping[str, object]) -> bytes:
    return _ENCODER.encode({"success": True, "data": data})


def object_schema(required: tuple[str, ...], **properties: Any) -> dict[str, Any]:
    """The JSON Schema of an object."""
    return {"type": "object", "properties": properties, "required": list(required)}


COUNT: Final = {"type": "integer", "minimum": 0}
_REJECTED: Final = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "seq": {"type": "integer"},
            "index": {"type": "integer"},
            "code": {"type": "string"},
            "message": {"type": "string"},
        },
        "required": ["code", "message"],
    },
}


def _for_collector(recorded: Recorded) -> bytes:
    positions, receipt = recorded.positions, recorded.receipt
    assert receipt is not None
    outcomes = recorded.outcomes[: len(positions)]
    if not recorded.rejected and outcomes.count(ACCEPTED) == len(outcomes):
        return _all_accepted(
            len(outcomes),
            receipt.session_id,
            receipt.phase,
            receipt.next,
            recorded.interval_ms,
            recorded.request_interval_ms,
        )
    rejected = _rejected(recorded.rejected, "seq")
    rejected += [
        {"seq": position, "code": outcome.code, "message": outcome.message}
        for position, outcome in zip(positions, outcomes, strict=False)
        if outcome.status is Status.REJECTED
    ]
    session = _session(receipt.session_id, receipt.phase)
    return _collected(
        _counts(outcomes),
        rejected,
        session,
        receipt.next,
        recorded.interval_ms,
        recorded.request_interval_ms,
    )


@lru_cache(maxsize=4_096)
def _all_accepted(
    count: int,
    session_id: str | None,
    phase: Phase | None,
    then: Next,
    interval_ms: int,
    request_interval_ms: int,
) -> bytes:
    """The usual answer, which is the same for each report of a session."""
    counts = {"accepted": count, "duplicates": 0}
    session = _session(session_id, phase)
    return _collected(counts, [], session, then, interval_ms, request_interval_ms)


def _collected(
    counts: dict[str, int],
    rejected: list[dict[str, object]],
    session: dict[str, str] | None,
    then: Next,
    interval_ms: int,
    request_interval_ms: int,
) -> bytes:
    data = {
        **counts,
        "rejected": rejected,
        "session": session,
        "interval_ms": interval_ms,
        "request_interval_ms": request_interval_ms,
        "next": then.value,
    }
    return _success(data)


FOR_COLLECTOR: Final = AnswerFormat(
    202,
    _for_collector,
    object_schema(
        ("accepted", "duplicates", "rejected", "interval_ms", "request_interval_ms", "next"),
        accepted=COUNT,
        duplicates=COUNT,
        rejected=_REJECTED,
        session={"type": ["object", "null"]},
        interval_ms={"type": "integer"},
        request_interval_ms={"type": "integer"},
        next={"type": "string", "enum": ["continue", "kicked", "ended"]},
    ),
)
"""Counts of entries, and what the client should do next."""


def _fact_counts(recorded: Recorded) -> bytes:
    rejected = _rejected(recorded.rejected, "index")
    return _success({**_counts(recorded.outcomes), "rejected": rejected})


FACT_COUNTS: Final = AnswerFormat(
    200,
    _fact_counts,
    object_schema(
        ("accepted", "duplicates", "rejected"),
        accepted=COUNT,
        duplicates=COUNT,
        rejected=_REJECTED,
    ),
)
"""Counts of the facts that came of the body."""


def _results(recorded: Recorded) -> bytes:
    results: dict[int, dict[str, object]] = {
        each.position: {"status": "rejected", "code": each.code, "message": each.message}
        for each in recorded.rejected
    }
    for position, outcome in zip(recorded.positions, recorded.outcomes, strict=False):
        results[position] = _result(outcome)
    return _success({"results": [results[position] for position in sorted(results)]})


RESULTS: Final = AnswerFormat(
    202,
    _results,
    object_schema(
        ("results",),
        results={
            "type": "array",
            "items": object_schema(
                ("status",),
                status={"type": "string", "enum": ["accepted", "duplicate", "rejected"]},
                code={"type": "string"},
                message={"type": "string"},
            ),
        },
    ),
)
"""A result for each entry, in the order of the body."""


def _entry_counts(recorded: Recorded) -> bytes:
    """An entry counts once, as the best of what became of its facts."""
    of_entry: dict[int, list[Outcome]] = {}
    for position, outcome in zip(recorded.positions, recorded.outcomes, strict=False):
        of_entry.setdefault(position, []).append(outcome)
    counts = {"accepted": 0, "duplicates": 0, "ignored": recorded.ignored}
    rejected = list(recorded.rejected)
    for position, outcomes in of_entry.items():
        statuses = {outcome.status for outcome in outcomes}
        if Status.ACCEPTED in statuses:
            counts["accepted"] += 1
        elif Status.DUPLICATE in statuses:
            counts["duplicates"] += 1
        else:
            code, message = outcomes[0].code or "", outcomes[0].message or ""
            rejected.append(Rejected(position, code, message))
    rejected.sort(key=lambda each: each.position)
    return _success({**counts, "rejected": _rejected(rejected, "index")})


ENTRY_COUNTS: Final = AnswerFormat(
    202,
    _entry_counts,
    object_schema(
        ("accepted", "duplicates", "ignored", "rejected"),
        accepted=COUNT,
        duplicates=COUNT,
        ignored=COUNT,
        rejected=_REJECTED,
    ),
)
"""Counts of entries, with those that are of no use to a record."""


def _rejected(rejected: Sequence[Rejected], member: str) -> list[dict[str, object]]:
    return [
        {member: each.position, "code": each.code, "message": each.message} for each in rejected
    ]


def _counts(outcomes: Sequence[Outcome]) -> dict[str, int]:
    statuses = [outcome.status for outcome in outcomes]
    return {
        "accepted": statuses.count(Status.ACCEPTED),
        "duplicates": statuses.count(Status.DUPLICATE),
    }


def _result(outcome: Outcome) -> dict[str, object]:
    if outcome.status is not Status.REJECTED:
        return {"status": outcome.status.value}
    return {"status": "rejected", "code": outcome.code, "message": outcome.message}


def _session(session_id: str | None, phase: Phase | None) -> dict[str, str] | None:
    if session_id is None:
        return None
    return {"id": session_id, "status": "ENDED" if phase is Phase.ENDED else "LIVE"}
