"""Verdicts in short: written when a session is folded, found by what they say."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

import msgspec
import zstandard
from msgspec.structs import replace
from sqlalchemy import Select, Text, bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.instants import EpochMs
from aftercall.core.overview.call_facets import OF_ADDRESSES
from aftercall.core.overview.digest import Digest
from aftercall.core.overview.session_summary import (
    PeerSummary,
    SessionSummary,
    SessionVerdict,
)
from aftercall.core.search_terms import words_of
from aftercall.store.engine.array_params import among, is_among
from aftercall.store.engine.lookup import Lookup, fetch
from aftercall.store.engine.record_mapping import insert_into
from aftercall.store.sessions.counted import (
    CountedVerdict,
    counted_of,
    encode_counted,
    read_counted,
    terms_of_counted,
    without_kinds,
)
from aftercall.store.sessions.facet_counts import Tallies, save_tallies
from aftercall.store.sessions.peer_verdicts import PackedPeerVerdict, replace_peer_verdicts
from aftercall.store.sessions.postings import Place, change_postings, day_of_ordinal, lock_day
from aftercall.store.sessions.stored_summary import decode_summary, encode_summary
from aftercall.store.tables import schema

MOST_TERMS: Final = 8_000

_peer_summaries: Final = msgspec.json.Decoder(PeerSummary)
_digests: Final = msgspec.json.Decoder(Digest)

_ISSUE: Final = "issue:"


def search_terms_of(names: Iterable[str | None], ids: Iterable[str | None]) -> list[str]:
    """What a session is found by though it is not tallied: the words of its title and of its
    participants' names, and their ids as they are."""
    words = dict.fromkeys(word for name in names if name for word in words_of(name))
    marks = [f"word:{word}" for word in words]
    marks += [f"id:{each}" for each in dict.fromkeys(ids) if each]
    return marks[:MOST_TERMS]


async def save_verdict(
    tx: AsyncConnection, verdict: SessionVerdict, peers: Sequence[PackedPeerVerdict]
) -> None:
    """Write a session's verdict and those of all its participants, over older ones. The caller
    holds the session's lock."""
    await save_session_verdict(tx, verdict)
    c = schema.peer_verdicts.c
    await tx.execute(
        delete(schema.peer_verdicts).where(
            c.app_id == verdict.app_id, c.session_id == verdict.session_id
        )
    )
    await replace_peer_verdicts(tx, peers)


async def save_session_verdict(tx: AsyncConnection, verdict: SessionVerdict) -> None:
    """Write a session's verdict over an older one, and count and find the session by it. The caller
    holds the session's lock."""
    app_id, session_id = verdict.app_id, verdict.session_id
    counted = counted_of(verdict)
    await _recount(tx, app_id, session_id, counted, verdict.rank)
    await _put(
        tx,
        schema.session_verdicts,
        [
            {
                "app_id": app_id,
                "session_id": session_id,
                "created_at": verdict.created_at,
                "quality_rank": verdict.rank,
                "summary": encode_summary(verdict.summary),
                "counted": encode_counted(counted),
            }
        ],
    )


async def find_summaries(
    tx: AsyncConnection, app_id: str, session_ids: Sequence[str]
) -> dict[str, SessionSummary]:
    """The summaries of those of the sessions that have been folded, by id. One that a fold
    without letters made is not judged."""
    ids = among(tx.dialect.name, "session_ids", list(session_ids))
    rows = await fetch(tx, _SUMMARIES, app_id=app_id, **ids)
    found = {session_id: decode_summary(summary) for session_id, summary in rows}
    return {
        session_id: summary
        if summary.quality is None or summary.quality.fold_version
        else replace(summary, quality=None)
        for session_id, summary in found.items()
    }


def _summaries(dialect: str) -> Select[Any]:
    c = schema.session_verdicts.c
    return select(c.session_id, c.summary).where(
        c.app_id == bindparam("app_id", type_=Text),
        is_among(dialect, c.session_id, "session_ids", Text),
    )


_SUMMARIES: Final = Lookup(_summaries)


async def find_digests(
    tx: AsyncConnection, app_id: str, session_id: str, only: Collection[str] | None = None
) -> dict[str, Digest]:
    """The digests of a folded session's participants, or of some of them, by row id."""
    c = schema.peer_verdicts.c
    statement = select(c.participant_id, c.digest).where(
        c.app_id == app_id, c.session_id == session_id
    )
    if only is not None:
        statement = statement.where(c.participant_id.in_(sorted(only)))
    rows = await tx.execute(statement)
    inflate = zstandard.ZstdDecompressor().decompress
    return {
        participant_id: _digests.decode(inflate(digest))
        for participant_id, digest in rows
        if digest
    }


async def find_digest(
    tx: AsyncConnection, app_id: str, session_id: str, participant_id: str
) -> Digest | None:
    """The digest of one participant of a folded session."""
    c = schema.peer_verdicts.c
    digest = (
        await tx.execute(
            select(c.digest).where(
                c.app_id == app_id,
                c.session_id == session_id,
                c.participant_id == participant_id,
            )
        )
    ).scalar()
    if not digest:
        return None
    return _digests.decode(zstandard.ZstdDecompressor().decompress(digest))


async def sessions_of_person(
    tx: AsyncConnection,
    app_id: str,
    person: str,
    *,
    before: tuple[EpochMs, str] | None,
    limit: int,
) -> list[PeerSummary]:
    """A person's calls, the latest first; `before` the `(joined_at, session_id)` of the last
    one seen."""
    c = schema.peer_verdicts.c
    where: list[Any] = [c.app_id == app_id, c.person == person]
    if before is not None:
        at, id = before
        where.append((c.joined_at < at) | ((c.joined_at == at) & (c.session_id < id)))
    rows = await tx.execute(
        select(c.summary)
        .where(*where)
        .order_by(c.joined_at.desc(), c.session_id.desc())
        .limit(limit)
    )
    calls = [_peer_summaries.decode(summary) for (summary,) in rows]
    return [
        call if call.fold_version else replace(call, level=0, is_bad=False, is_measured=False)
        for call in calls
    ]


def read_peer_verdict(summary: str, digest: bytes) -> tuple[PeerSummary, Digest | None]:
    """What is kept of a participant's verdict; of its digest perhaps nothing."""
    plain = zstandard.ZstdDecompressor().decompress(digest) if digest else b""
    return _peer_summaries.decode(summary), _digests.decode(plain) if plain else None


def read_summary(text: str) -> SessionSummary:
    """What is kept of a session's verdict."""
    return decode_summary(text)


async def find_verdict_terms(tx: AsyncConnection, app_id: str, session_id: str) -> frozenset[str]:
    """The terms that a session has since it was folded."""
    return terms_of_counted(*await _find_counted(tx, app_id, session_id))


async def count_issues(tx: AsyncConnection, app_id: str, session_id: str) -> dict[str, int]:
    """How many measured participants of a folded session had each issue, by its name."""
    counted, _ = await _find_counted(tx, app_id, session_id)
    if counted is None:
        return {}
    return {
        name.removeprefix(_ISSUE): count.measured
        for name, count in counted.facets.items()
        if name.startswith(_ISSUE) and count.measured
    }


async def _find_counted(
    tx: AsyncConnection, app_id: str, session_id: str
) -> tuple[CountedVerdict | None, float | None]:
    c = schema.session_verdicts.c
    found = (
        await tx.execute(
            select(c.counted, c.quality_rank).where(c.app_id == app_id, c.session_id == session_id)
        )
    ).first()
    return (None, None) if found is None else (read_counted(found[0]), found[1])


async def _recount(
    tx: AsyncConnection,
    app_id: str,
    session_id: str,
    new: CountedVerdict,
    new_rank: float | None,
) -> None:
    """Count a session, and let it be found, by the new verdict instead of the one stored."""
    old, old_rank = await _find_counted(tx, app_id, session_id)
    c = schema.sessions.c
    ordinal = (
        await tx.execute(select(c.ordinal).where(c.app_id == app_id, c.id == session_id))
    ).scalar()
    before, after = terms_of_counted(old, old_rank), terms_of_counted(new, new_rank)
    if ordinal is not None and before != after:
        await lock_day(tx, app_id, day_of_ordinal(ordinal))
        await change_postings(tx, app_id, Place(ordinal, before), Place(ordinal, after))
    tallies = Tallies()
    tallies.add(old, -1)
    tallies.add(new)
    await save_tallies(tx, app_id, tallies)


async def forget_places(tx: AsyncConnection, app_id: str, session_id: str) -> None:
    """Count and find a session no longer by what was derived from the addresses of its
    participants. The caller holds the session's lock."""
    old, rank = await _find_counted(tx, app_id, session_id)
    if old is None:
        return
    counted = without_kinds(old, OF_ADDRESSES)
    if len(counted.facets) == len(old.facets):
        return
    await _recount(tx, app_id, session_id, counted, rank)
    c = schema.session_verdicts.c
    await tx.execute(
        update(schema.session_verdicts)
        .where(c.app_id == app_id, c.session_id == session_id)
        .values(counted=encode_counted(counted))
    )


async def _put(tx: AsyncConnection, table: Any, rows: list[dict[str, Any]]) -> None:
    """Writes rows over those of the same key."""
    if not rows:
        return
    statement = insert_into(tx.dialect.name, table)
    key = [column.name for column in table.primary_key.columns]
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=key,
            set_={c.name: statement.excluded[c.name] for c in table.columns if c.name not in key},
        ),
        rows,
    )
