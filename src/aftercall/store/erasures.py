"""Erasures: their receipts, the hashes by which erased people are recognised, and what an erasure
that goes on must know."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.erasure.mentions import KnownAs
from aftercall.core.instants import EpochMs
from aftercall.core.privacy_records import Erasure, ErasureState
from aftercall.core.pseudonyms import AFTER_PREFIX, PREFIX
from aftercall.store.engine.record_mapping import insert_into
from aftercall.store.tables import schema

_encode: Final = msgspec.json.Encoder().encode
_hashes: Final = msgspec.json.Decoder(list[str])
_counts: Final = msgspec.json.Decoder(dict[str, int])
_known_as: Final = msgspec.json.Decoder(KnownAs)


async def save(tx: AsyncConnection, erasure: Erasure) -> None:
    """Write a receipt, new or changed, and let its hashes be recognised."""
    table = schema.erasures
    row = {
        **msgspec.structs.asdict(erasure),
        "state": erasure.state.value,
        "hashes": _encode(erasure.hashes).decode(),
        "counts": _encode(erasure.counts).decode(),
    }
    statement = insert_into(tx.dialect.name, table).values(row)
    changing = [name for name in row if name not in ("app_id", "id")]
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["app_id", "id"],
            set_={name: statement.excluded[name] for name in changing},
        )
    )
    if erasure.hashes and not _is_readmitted(erasure):
        await tx.execute(
            insert_into(tx.dialect.name, schema.erased_people).on_conflict_do_nothing(),
            [
                {"app_id": erasure.app_id, "hash": each, "erasure_id": erasure.id}
                for each in sorted(erasure.hashes)
            ],
        )


def _is_readmitted(erasure: Erasure) -> bool:
    """Whether the person may come back. One whose erasure is carried out again, after a restore,
    may not before its end."""
    return erasure.readmitted_at is not None and erasure.state is ErasureState.DONE


async def lock_of_person(tx: AsyncConnection, app_id: str, hashes: Iterable[str]) -> list[Erasure]:
    """The receipts that keep the person with these hashes out, and those of the same person under
    other ids, until this transaction ends."""
    c = schema.erasures.c
    rows = await tx.execute(
        select(schema.erasures).where(c.app_id == app_id).order_by(c.id).with_for_update()
    )
    others = [each for row in rows if not _is_readmitted(each := _erasure(row._mapping))]
    known, found = set(hashes), list[Erasure]()
    while more := [each for each in others if not known.isdisjoint(each.hashes)]:
        found += more
        known.update(hash for each in more for hash in each.hashes)
        others = [each for each in others if each not in more]
    return found


async def forget_readmitted(tx: AsyncConnection, app_id: str) -> None:
    """Recognise nobody any more by the hashes of receipts whose person was readmitted, unless
    another receipt has them."""
    rows = await tx.execute(select(schema.erasures).where(schema.erasures.c.app_id == app_id))
    every = [_erasure(row._mapping) for row in rows]
    gone = {hash for each in every if _is_readmitted(each) for hash in each.hashes}
    gone -= {hash for each in every if not _is_readmitted(each) for hash in each.hashes}
    c = schema.erased_people.c
    await tx.execute(
        delete(schema.erased_people).where(c.app_id == app_id, c.hash.in_(sorted(gone)))
    )


async def find(tx: AsyncConnection, app_id: str, erasure_id: str) -> Erasure | None:
    return await _one(tx, select(schema.erasures).where(*_is(app_id, erasure_id)))


async def lock(tx: AsyncConnection, app_id: str, erasure_id: str) -> Erasure | None:
    """A receipt that nobody else can change until this transaction ends."""
    statement = select(schema.erasures).where(*_is(app_id, erasure_id))
    return await _one(tx, statement.with_for_update())


def _is(app_id: str, erasure_id: str) -> tuple[Any, ...]:
    c = schema.erasures.c
    return c.app_id == app_id, c.id == erasure_id


async def _one(tx: AsyncConnection, statement: Any) -> Erasure | None:
    row = (await tx.execute(statement)).first()
    return None if row is None else _erasure(row._mapping)


def _erasure(row: Mapping[Any, Any]) -> Erasure:
    members = dict(row)
    return Erasure(
        **{
            **members,
            "state": ErasureState(members["state"]),
            "hashes": _hashes.decode(members["hashes"]),
            "counts": _counts.decode(members["counts"]),
        }
    )


async def list_of_app(
    tx: AsyncConnection, app_id: str, *, before: tuple[EpochMs, str] | None = None, limit: int
) -> list[Erasure]:
    """The receipts of an app, the latest first; `before` the `(requested_at, id)` of the last one
    seen."""
    c = schema.erasures.c
    statement = select(schema.erasures).where(c.app_id == app_id)
    if before is not None:
        at, id = before
        statement = statement.where((c.requested_at < at) | ((c.requested_at == at) & (c.id < id)))
    rows = await tx.execute(statement.order_by(c.requested_at.desc(), c.id.desc()).limit(limit))
    return [_erasure(row._mapping) for row in rows]


async def add_counts(
    tx: AsyncConnection, app_id: str, erasure_id: str, added: Mapping[str, int]
) -> None:
    """Add to the numbers of a receipt."""
    known = await lock(tx, app_id, erasure_id)
    if known is None or not any(added.values()):
        return
    counts = dict(known.counts)
    for kind, number in added.items():
        if number:
            counts[kind] = counts.get(kind, 0) + number
    await tx.execute(
        update(schema.erasures)
        .where(*_is(app_id, erasure_id))
        .values(counts=_encode(counts).decode())
    )


async def find_erased(tx: AsyncConnection, app_id: str, hashes: Iterable[str]) -> set[str]:
    """Those of the hashes that are of erased people."""
    c = schema.erased_people.c
    rows = await tx.execute(
        select(c.hash).where(c.app_id == app_id, c.hash.in_(sorted(set(hashes))))
    )
    return set(rows.scalars())


async def begin_session(
    tx: AsyncConnection,
    app_id: str,
    session_id: str,
    erasure_id: str,
    known: KnownAs,
    *,
    is_new: bool = False,
) -> None:
    """Note what the person was called in a session, until it is erased there. With `is_new` a note
    that is there already stays."""
    row = {
        "app_id": app_id,
        "session_id": session_id,
        "erasure_id": erasure_id,
        "known_as": _encode(known).decode(),
    }
    statement = insert_into(tx.dialect.name, schema.erasure_sessions).values(row)
    if is_new:
        await tx.execute(statement.on_conflict_do_nothing())
        return
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["app_id", "session_id", "erasure_id"],
            set_={"known_as": statement.excluded.known_as},
        )
    )


async def find_begun(
    tx: AsyncConnection, app_id: str, erasure_id: str, limit: int
) -> list[tuple[str, KnownAs]]:
    """The sessions whose erasure has begun, and what the person was called there."""
    c = schema.erasure_sessions.c
    rows = await tx.execute(
        select(c.session_id, c.known_as)
        .where(c.app_id == app_id, c.erasure_id == erasure_id)
        .order_by(c.session_id)
        .limit(limit)
    )
    return [(session_id, _known_as.decode(known)) for session_id, known in rows]


async def end_session(tx: AsyncConnection, app_id: str, session_id: str, erasure_id: str) -> None:
    """Forget what the person was called in a session."""
    c = schema.erasure_sessions.c
    await tx.execute(
        delete(schema.erasure_sessions).where(
            c.app_id == app_id, c.session_id == session_id, c.erasure_id == erasure_id
        )
    )


async def count_pseudonyms(tx: AsyncConnection, app_id: str, session_id: str) -> int:
    """How many peers of a session have been erased."""
    c = schema.peers.c
    found = await tx.execute(
        select(func.count()).where(
            c.app_id == app_id, c.session_id == session_id, *_is_pseudonym(c.user_id)
        )
    )
    return int(found.scalar_one())


def _is_pseudonym(user_id: Any) -> Sequence[Any]:
    return user_id >= PREFIX, user_id < AFTER_PREFIX
