"""Erases a person from what lists show and find of a session: digests, summaries of lists, search
terms, facets, people, and the title."""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from aftercall.core.erasure.mentions import KnownAs, PersonMentions
from aftercall.core.erasure.verdicts import Sentences, erase_from_digest
from aftercall.core.overview.session_summary import PeerVerdict
from aftercall.service.reports.session_verdict import peer_verdict_of, session_verdict_of
from aftercall.store import participants, people
from aftercall.store.engine.database import Database
from aftercall.store.sessions import facets, peer_verdicts
from aftercall.store.sessions import rows as session_rows

BATCH: Final = 25
"""Verdicts of participants that are written in one transaction."""


async def erase_verdicts(
    db: Database, app_id: str, session_id: str, known: KnownAs, names: Mapping[str, str]
) -> None:
    """Rewrite the session's verdict and those of its participants. `names` are those of the
    others."""
    async with db.read() as tx:
        session = await session_rows.find_session(tx, app_id, session_id)
        rows = await participants.participants_of_session(tx, app_id, session_id)
        stored = await facets.find_digests(tx, app_id, session_id)
        were = await peer_verdicts.people_of_session(tx, app_id, session_id)
    if session is None:
        return
    title = PersonMentions(known).replace(session.title)
    has_new_title = title != session.title
    session = replace(session, title=title)
    sentences = Sentences(names, known)
    digests = [
        (row, erase_from_digest(stored[row.id], sentences, is_own=row.id in known.participants))
        for row in rows
        if row.id in stored
    ]
    verdicts = [peer_verdict_of(session, row, digest) for row, digest in digests]
    own = [each for each in verdicts if each.participant_id in known.participants]
    gone = sorted({were[each.participant_id] for each in own} - {each.person for each in own})
    others = [
        each
        for each in verdicts
        if each.participant_id not in known.participants
        and (has_new_title or each.digest != stored[each.participant_id])
    ]
    # Before the session, by whose title a repeat sees that it is new.
    await _save_others(db, others)
    async with db.write() as tx:
        current = await session_rows.lock_session(tx, app_id, session_id)
        if current is None:
            return
        if current.title != title:
            await session_rows.save_session(tx, replace(current, title=title))
        if digests:
            scale = digests[0][1].scale
            await facets.save_session_verdict(tx, session_verdict_of(session, scale, digests))
            await peer_verdicts.replace_peer_verdicts(
                tx, [peer_verdicts.pack_peer_verdict(each) for each in own]
            )
            await people.forget_people(tx, app_id, {person: _terms(known) for person in gone})


async def _save_others(db: Database, others: Sequence[PeerVerdict]) -> None:
    for start in range(0, len(others), BATCH):
        async with db.write() as tx:
            await peer_verdicts.replace_peer_verdicts(
                tx,
                [peer_verdicts.pack_peer_verdict(each) for each in others[start : start + BATCH]],
            )


def _terms(known: KnownAs) -> set[str]:
    return people.terms_of(known.names, known.ids)
