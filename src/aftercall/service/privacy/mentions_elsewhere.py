"""Mentions of a person in sessions in which the person did not take part.

Nothing there says who is meant: `Ann` may be somebody else. So they are looked for only when an
operator asks for it, by the whole names that the person had in calls, and can be counted before.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from aftercall.core.erasure.mentions import KnownAs, PersonMentions
from aftercall.core.pseudonyms import pseudonym_of
from aftercall.service.privacy.find_person import PersonMatch, find_person
from aftercall.store import erasures, meetings, name_mentions
from aftercall.store.engine.database import Database
from aftercall.store.name_mentions import Place, Text

_NOBODY: Final = ""
"""The place of the participant's id in a pseudonym where the person is no participant."""

BEGUN_TOGETHER: Final = 100


class FoundMentions(NamedTuple):
    """Which names were looked for, and how many texts mention them, by place."""

    names: Sequence[str]
    sessions: Collection[str]
    """Ended sessions in which the person did not take part."""
    meetings: Collection[str]
    counts: Mapping[Place, int]


async def find_mentions(db: Database, app_id: str, match: PersonMatch) -> FoundMentions:
    """The mentions of a person who has not been erased yet."""
    person = await find_person(db, app_id, match)
    async with db.read() as tx:
        names = await name_mentions.names_of(tx, app_id, match.met)
    known = KnownAs(pseudonym=_NOBODY, names=list(names), whole_names_only=True)
    mentions = PersonMentions(known)
    counts = dict.fromkeys(Place, 0)
    owners: dict[Place, set[str]] = {place: set() for place in Place}
    for place in Place if names else ():
        async for page in name_mentions.pages(db, app_id, place):
            apart = [text for text in page if text.owner_id not in person.session_ids]
            found = await asyncio.to_thread(_mentioning, apart, mentions)
            counts[place] += len(found)
            owners[place].update(found)
    of_meetings = owners.pop(Place.MEETINGS)
    sessions = sorted(set().union(*owners.values()))
    async with db.read() as tx:
        ended = await name_mentions.ended_among(tx, app_id, sessions)
    return FoundMentions(names, ended, sorted(of_meetings), counts)


def _mentioning(texts: Sequence[Text], mentions: PersonMentions) -> list[str]:
    return [each.owner_id for each in texts if mentions.occurs_in(each.text)]


async def begin_mentions(db: Database, app_id: str, erasure_id: str, found: FoundMentions) -> None:
    """Erase the mentions in settings and titles of meetings, and note the sessions of which an
    erasure has to erase them."""
    for meeting_id in found.meetings:
        known = _known_as(app_id, meeting_id, found.names)
        mentions = PersonMentions(known)
        async with db.write() as tx:
            meeting = await meetings.lock_meeting(tx, app_id, meeting_id)
            if meeting is not None:
                title, settings = mentions.replace(meeting.title), meeting.settings
                changed = replace(meeting, title=title, settings=mentions.replace_in(settings))
                await meetings.save_meeting(tx, changed)
                await erasures.add_counts(tx, app_id, erasure_id, {"meetings_elsewhere": 1})
    every = list(found.sessions)
    for start in range(0, len(every), BEGUN_TOGETHER):
        some = every[start : start + BEGUN_TOGETHER]
        async with db.write() as tx:
            for session_id in some:
                known = _known_as(app_id, session_id, found.names)
                await erasures.begin_session(tx, app_id, session_id, erasure_id, known, is_new=True)
            await erasures.add_counts(tx, app_id, erasure_id, {"sessions_elsewhere": len(some)})


def _known_as(app_id: str, owner_id: str, names: Sequence[str]) -> KnownAs:
    return KnownAs(
        pseudonym=pseudonym_of(app_id, owner_id, _NOBODY),
        names=list(names),
        whole_names_only=True,
    )
