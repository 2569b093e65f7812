"""What lists and filters need of an ended session, made once when it is folded."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from aftercall.core.overview.digest import Digest, digest_of
from aftercall.core.overview.session_summary import (
    DigestedParticipant,
    PeerVerdict,
    SessionVerdict,
    facets_of,
    person_of,
    rank_of,
    summarise_peer,
    summarise_session,
)
from aftercall.core.pseudonyms import is_pseudonym
from aftercall.core.quality.experience.time_scale import TimeScale
from aftercall.core.quality.report.fold import Verdict
from aftercall.core.records import Participant, Session
from aftercall.core.spans import Span
from aftercall.store.people import Person
from aftercall.store.sessions.facets import search_terms_of


class SessionOverview(NamedTuple):
    """A session's verdict, those of its participants, and who they are."""

    session: SessionVerdict
    peers: list[PeerVerdict]
    people: list[Person]


def overview_of(
    session: Session,
    participants: Sequence[Participant],
    verdicts: Mapping[str, Verdict],
    screenshare: Mapping[str, list[Span]],
    scale: TimeScale,
) -> SessionOverview:
    """The overview of a folded session; `verdicts` and `screenshare` are by participant."""
    digests: list[DigestedParticipant] = [
        (row, digest_of(verdicts[row.id], scale, screenshare[row.id]))
        for row in participants
        if row.id in verdicts
    ]
    return SessionOverview(
        session=session_verdict_of(session, scale, digests),
        peers=[peer_verdict_of(session, row, digest) for row, digest in digests],
        people=[
            Person(
                app_id=row.app_id,
                person=person_of(row.app_id, row),
                name=row.display_name,
                custom_participant_id=row.custom_participant_id,
                user_id=row.user_id,
                last_at=row.joined_at,
            )
            for row, _ in digests
            if not row.is_hidden and not is_pseudonym(row.user_id)
        ],
    )


def peer_verdict_of(session: Session, participant: Participant, digest: Digest) -> PeerVerdict:
    """What lists need of a participant."""
    return PeerVerdict(
        app_id=session.app_id,
        session_id=session.id,
        participant_id=participant.id,
        person=person_of(session.app_id, participant),
        joined_at=participant.joined_at,
        summary=summarise_peer(session, participant, digest),
        digest=digest,
    )


def session_verdict_of(
    session: Session, scale: TimeScale, digests: Sequence[DigestedParticipant]
) -> SessionVerdict:
    """What lists need of a session, from the digests of its participants."""
    summary = summarise_session(scale, digests, is_final=True)
    quality = summary.quality
    shown = [row for row, _ in digests if not row.is_hidden]
    return SessionVerdict(
        app_id=session.app_id,
        session_id=session.id,
        created_at=session.created_at,
        rank=rank_of(quality) if quality is not None else None,
        summary=summary,
        is_bad=quality is not None and quality.is_bad,
        facets=facets_of(session, digests),
        marks=search_terms_of(
            [session.title, *(row.display_name for row in shown)],
            [id for row in shown for id in (row.custom_participant_id, row.user_id)],
        ),
    )
