"""What the tables promise of each other, as queries that find who breaks it.

Each statement selects an app and the key of what is at fault, and runs on both engines. A session
whose end, or whose late facts, are yet to be dealt with has a job in its lane: what only the job
brings about is not asked of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.pseudonyms import AFTER_PREFIX, PREFIX
from aftercall.store.retention.waiting import PARTITIONED

EXAMPLES: Final = 3


class Promise(NamedTuple):
    """`name` is stable; `sentence` says what is not so."""

    name: str
    sentence: str
    statement: str


@dataclass(frozen=True, slots=True)
class Broken:
    """A promise that does not hold: of how many, and whom for example."""

    name: str
    sentence: str
    count: int
    examples: Sequence[str]


_NO_JOB: Final = """NOT EXISTS (SELECT 1 FROM jobs j WHERE j.dead_at IS NULL
    AND j.lane = 'session:' || s.app_id || ':' || s.id)"""


def _orphans(table: str, key: str, *, of: str, on: str, where: str = "") -> str:
    """The rows of `table` (as x) that have no `of` (as y)."""
    return f"""SELECT x.app_id, x.{key} FROM {table} x WHERE NOT EXISTS
        (SELECT 1 FROM {of} y WHERE y.app_id = x.app_id AND {on}) {where}"""


_NOT_TO_BE_DELETED: Final = """AND NOT EXISTS (SELECT 1 FROM data_removals r
    WHERE r.app_id = x.app_id AND r.session_id = x.session_id)"""


_WAITS: Final = """AND NOT EXISTS (SELECT 1 FROM waiting_removals w
    WHERE w.recorded_day = x.recorded_day AND w.kind = {bit})"""


def _may_be_alone(table: str) -> str:
    """The condition that rows of a table (as x) are not about to be deleted."""
    if table == "pulses":
        return ""
    kind = PARTITIONED.get(table)
    return _NOT_TO_BE_DELETED + ("" if kind is None else _WAITS.format(bit=kind.bit))


def _belong(table: str, key: str, owner: str) -> Promise:
    """Each row of `table` belongs to a session, or a peer, that is there, or is noted for
    removal, or waits for its partition to be dropped."""
    return Promise(
        f"{table}_have_a_{owner}",
        f"rows of {table} belong to no {owner}",
        _orphans(
            table,
            key,
            of=f"{owner}s",
            on=f"y.id = x.{owner}_id",
            where=_may_be_alone(table),
        ),
    )


def _where_the_peer_is(table: str) -> Promise:
    return Promise(
        f"{table}_are_where_their_peer_is",
        f"rows of {table} name another session than their peer's",
        f"""SELECT x.app_id, x.peer_id FROM {table} x
            JOIN peers y ON y.app_id = x.app_id AND y.id = x.peer_id
            WHERE y.session_id <> x.session_id""",
    )


def _on_the_day_of_the_session(table: str) -> Promise:
    return Promise(
        f"{table}_are_on_the_day_of_their_session",
        f"rows of {table} are stored by another day than their session's",
        f"""SELECT x.app_id, x.peer_id FROM {table} x
            JOIN sessions y ON y.app_id = x.app_id AND y.id = x.session_id
            WHERE y.recorded_day <> x.recorded_day""",
    )


def _settled_by_the_end(name: str, sentence: str, *, table: str, where: str) -> Promise:
    """Of the rows of `table` (as x) whose session has ended, none is as `where` says."""
    return Promise(
        name,
        sentence,
        f"""SELECT x.app_id, x.id FROM {table} x
            JOIN sessions s ON s.app_id = x.app_id AND s.id = x.session_id
            WHERE s.phase = 'ended' AND {_NO_JOB} AND {where}""",
    )


def _of_participant(name: str, sentence: str, *, table: str, key: str) -> Promise:
    """Each row of `table` is about a participant of its session."""
    return Promise(
        name,
        sentence,
        f"""SELECT x.app_id, x.{key} FROM {table} x
            JOIN sessions s ON s.app_id = x.app_id AND s.id = x.session_id
            WHERE {_NO_JOB} AND NOT EXISTS (SELECT 1 FROM participants y
              WHERE y.app_id = x.app_id AND y.session_id = x.session_id AND y.id = x.{key})""",
    )


_TALLIED: Final = """
    SELECT app_id, day, size, sum(sessions) sessions, sum(minutes) minutes FROM (
        SELECT app_id, day, total_participants size, 1 sessions, minutes_consumed minutes
          FROM sessions WHERE phase = 'ended'
        UNION ALL SELECT app_id, day, -1, 1, minutes_consumed FROM sessions WHERE phase = 'ended'
        UNION ALL SELECT app_id, day, total_participants, -sessions, -minutes FROM session_tallies
    ) every GROUP BY app_id, day, size
"""

_OF_QUARTERS: Final = """
    SELECT app_id, quarter, sum(sessions) sessions, sum(minutes) minutes FROM (
        SELECT app_id, created_at / 900000 quarter, 1 sessions, minutes_consumed minutes
          FROM sessions WHERE phase = 'ended'
        UNION ALL SELECT app_id, quarter, -sessions, -minutes FROM session_quarters
    ) every GROUP BY app_id, quarter
"""

PROMISES: Final = (
    Promise(
        "one_live_session",
        "meetings have several sessions that go on",
        """SELECT app_id, meeting_id FROM sessions WHERE phase <> 'ended'
           GROUP BY app_id, meeting_id HAVING count(*) > 1""",
    ),
    Promise(
        "ended_means_ended",
        "sessions are ended without a moment and a reason, or have those and go on",
        """SELECT app_id, id FROM sessions WHERE (phase = 'ended') <> (ended_at IS NOT NULL)
           OR (phase = 'ended') <> (end_reason IS NOT NULL) OR ended_at < started_at""",
    ),
    Promise(
        "deadlines",
        "sessions that nobody is in have no deadline, or others have one",
        """SELECT app_id, id FROM sessions
           WHERE (phase IN ('open', 'draining')) <> (deadline_at IS NOT NULL)""",
    ),
    Promise(
        "live_means_somebody",
        "sessions are live though nobody is there, or not live though somebody is",
        """SELECT app_id, id FROM sessions WHERE (phase = 'live') <> (live_participants > 0)""",
    ),
    Promise(
        "nobody_stays_after_the_end",
        "peers are still there in a session that has ended",
        """SELECT p.app_id, p.id FROM peers p
           JOIN sessions s ON s.app_id = p.app_id AND s.id = p.session_id
           WHERE s.phase = 'ended' AND p.left_at IS NULL""",
    ),
    Promise(
        "peers_have_a_participant",
        "peers belong to no participant",
        _orphans(
            "peers",
            "id",
            of="participants",
            on="y.session_id = x.session_id AND y.id = x.participant_id",
        ),
    ),
    Promise(
        "participants_have_a_peer",
        "participants have no peer",
        _orphans(
            "participants",
            "id",
            of="peers",
            on="y.session_id = x.session_id AND y.participant_id = x.id",
        ),
    ),
    Promise(
        "peers_are_in_their_sessions_meeting",
        "peers name another meeting than their session",
        """SELECT p.app_id, p.id FROM peers p
           JOIN sessions s ON s.app_id = p.app_id AND s.id = p.session_id
           WHERE s.meeting_id <> p.meeting_id""",
    ),
    *(
        _belong(table, key, owner)
        for table, key, owner in (
            ("participants", "id", "session"),
            ("peers", "id", "session"),
            ("reports", "peer_id", "session"),
            ("chat_messages", "id", "session"),
            ("transcript_lines", "id", "session"),
            ("summaries", "session_id", "session"),
            ("session_verdicts", "session_id", "session"),
            ("peer_verdicts", "participant_id", "session"),
            ("pulses", "peer_id", "peer"),
            ("samples", "peer_id", "peer"),
            ("segments", "peer_id", "peer"),
            ("notes", "id", "peer"),
        )
    ),
    *(_where_the_peer_is(table) for table in ("samples", "segments", "notes")),
    *(_on_the_day_of_the_session(table) for table in PARTITIONED),
    Promise(
        "samples_are_counted_once",
        "peers have more or fewer reports than were counted when they came",
        """SELECT p.app_id, p.peer_id FROM pulses p WHERE p.samples <>
             coalesce((SELECT sum(samples) FROM samples x
                       WHERE x.app_id = p.app_id AND x.peer_id = p.peer_id), 0)
             + coalesce((SELECT samples FROM segments x
                         WHERE x.app_id = p.app_id AND x.peer_id = p.peer_id), 0)
             AND NOT EXISTS (SELECT 1 FROM peers x JOIN data_removals r
                ON r.app_id = x.app_id AND r.session_id = x.session_id AND r.peer_id = x.id
                WHERE x.app_id = p.app_id AND x.id = p.peer_id)
             AND NOT EXISTS (SELECT 1 FROM peers x
                JOIN sessions s ON s.app_id = x.app_id AND s.id = x.session_id
                JOIN waiting_removals w ON w.recorded_day = s.recorded_day AND w.kind = 1
                WHERE x.app_id = p.app_id AND x.id = p.peer_id AND s.kept_kinds & 1 = 0)""",
    ),
    Promise(
        "samples_have_a_pulse",
        "peers have reports and were never heard",
        f"""SELECT DISTINCT x.app_id, x.peer_id FROM samples x WHERE NOT EXISTS
             (SELECT 1 FROM pulses p WHERE p.app_id = x.app_id AND p.peer_id = x.peer_id)
             {_NOT_TO_BE_DELETED}""",
    ),
    _settled_by_the_end(
        "samples_of_ended_sessions_are_merged",
        "peers of ended sessions have reports that are not merged, and no job will do it",
        table="peers",
        where="""EXISTS
             (SELECT 1 FROM samples y WHERE y.app_id = x.app_id AND y.peer_id = x.id)""",
    ),
    _settled_by_the_end(
        "ended_sessions_are_folded",
        "participants of ended sessions have no report, and no job will make one",
        table="participants",
        where="""s.kept_kinds & 3 = 3 AND NOT EXISTS
             (SELECT 1 FROM reports y WHERE y.app_id = x.app_id AND y.peer_id = x.id)""",
    ),
    _of_participant(
        "reports_are_of_participants",
        "reports are of nobody in their session",
        table="reports",
        key="peer_id",
    ),
    _of_participant(
        "verdicts_are_of_participants",
        "verdicts are of nobody in their session",
        table="peer_verdicts",
        key="participant_id",
    ),
    Promise(
        "verdicts_have_a_session_verdict",
        "participants' verdicts stand without one of their session",
        _orphans(
            "peer_verdicts", "session_id", of="session_verdicts", on="y.session_id = x.session_id"
        ),
    ),
    Promise(
        "no_job_was_given_up",
        "jobs were given up after all their attempts",
        "SELECT task, id FROM jobs WHERE dead_at IS NOT NULL",
    ),
    Promise(
        "tallies_agree_with_the_sessions",
        "days have other numbers of ended sessions, or of minutes, than are tallied",
        f"""SELECT app_id, day FROM ({_TALLIED}) t
            WHERE sessions <> 0 OR abs(minutes) > 0.01""",
    ),
    Promise(
        "quarters_agree_with_the_sessions",
        "quarter hours have other numbers of ended sessions, or of minutes, than are counted",
        f"""SELECT app_id, quarter FROM ({_OF_QUARTERS}) t
            WHERE sessions <> 0 OR abs(minutes) > 0.01""",
    ),
    Promise(
        "ended_sessions_have_an_ordinal",
        "sessions are ended and have no ordinal of their day, or go on and have one",
        """SELECT s.app_id, s.id FROM sessions s
           LEFT JOIN session_days d ON d.app_id = s.app_id AND d.day = s.day
           WHERE (s.phase = 'ended') <> (s.ordinal IS NOT NULL)
             OR (s.ordinal IS NOT NULL AND s.ordinal - s.day * CAST(16777216 AS BIGINT)
                 NOT BETWEEN 0 AND coalesce(d.given_ordinals, 0) - 1)""",
    ),
    Promise(
        "people_are_known",
        "verdicts are of people who are not listed",
        _orphans(
            "peer_verdicts",
            "person",
            of="people",
            on="y.person = x.person",
            where=f"""AND NOT EXISTS (SELECT 1 FROM participants r
                WHERE r.app_id = x.app_id AND r.session_id = x.session_id
                  AND r.id = x.participant_id
                  AND (r.is_hidden OR r.user_id >= '{PREFIX}' AND r.user_id < '{AFTER_PREFIX}'))""",
        ),
    ),
    Promise(
        "terms_lead_to_people",
        "words lead to people who are not listed",
        _orphans("people_terms", "person", of="people", on="y.person = x.person"),
    ),
    Promise(
        "arrivals_release_early_facts",
        "facts wait for the arrival of peers that are there",
        """SELECT e.app_id, e.peer_id FROM early_facts e
           JOIN peers p ON p.app_id = e.app_id AND p.id = e.peer_id""",
    ),
    Promise(
        "egresses_have_a_session",
        "recordings or livestreams belong to no session",
        _orphans("egresses", "id", of="sessions", on="y.id = x.session_id"),
    ),
    Promise(
        "sessions_have_an_app",
        "sessions belong to no app",
        """SELECT s.app_id, s.id FROM sessions s LEFT JOIN apps a ON a.id = s.app_id
           WHERE a.id IS NULL""",
    ),
    Promise(
        "apps_have_an_account",
        "apps belong to no account",
        """SELECT a.account_id, a.id FROM apps a LEFT JOIN accounts c ON c.id = a.account_id
           WHERE c.id IS NULL""",
    ),
    Promise(
        "tokens_are_of_an_account",
        "tokens are of no account, or of an app that is another account's",
        """SELECT t.account_id, t.id FROM tokens t
           LEFT JOIN accounts c ON c.id = t.account_id LEFT JOIN apps a ON a.id = t.app_id
           WHERE c.id IS NULL OR (t.app_id IS NOT NULL AND coalesce(a.account_id, '') <> c.id)""",
    ),
    Promise(
        "members_have_a_meeting",
        "members belong to no meeting",
        _orphans("members", "id", of="meetings", on="y.id = x.meeting_id"),
    ),
    Promise(
        "breakout_rooms_have_a_parent",
        "sessions of breakout rooms name a parent that is not there",
        _orphans(
            "sessions",
            "id",
            of="sessions",
            on="y.id = x.parent_session_id",
            where="AND x.parent_session_id IS NOT NULL",
        ),
    ),
)


async def find_broken(tx: AsyncConnection, promise: Promise) -> Broken | None:
    """Who breaks the promise, if anybody does."""
    count = 0
    examples: list[str] = []
    for row in await tx.execute(text(promise.statement)):
        count += 1
        if len(examples) < EXAMPLES:
            examples.append("/".join(map(str, row)))
    return Broken(promise.name, promise.sentence, count, examples) if count else None
