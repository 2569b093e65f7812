"""What lists and filters need of an ended session, made once when it is folded."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from aftercall.core.overview.call_facets import calls_of, facets_of
from aftercall.core.overview.digest import Digest, digest_of
from aftercall.core.overview.session_summary import (
    DigestedParticipant,
    PeerVerdict,
    SessionVerdict,
    brief_digest,
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
from aftercall.store.sessions.peer_verdicts import PackedPeerVerdict, pack_peer_verdict


class SessionOverview(NamedTuple):
    """A session's verdict, those of its participants, and who they are."""

    session: SessionVerdict
    peers: list[PackedPeerVerdict]
    people: list[Person]


class DigestedVerdict(NamedTuple):
    """What the overview of its session needs of a participant."""

    brief: Digest
    packed: PackedPeerVerdict


def digest_verdict(
    session: Session,
    participant: Participant,
    verdict: Verdict,
    screenshare: list[Span],
    scale: TimeScale,
) -> DigestedVerdict:
    """A participant's verdict in short: packed as it is stored, and without most of its issues
    and findings, which are hundreds where few of many people hear each other."""
    digest = digest_of(verdict, scale, screenshare)
    packed = pack_peer_verdict(peer_verdict_of(session, participant, digest))
    return DigestedVerdict(brief_digest(digest), packed)


def overview_of(
    session: Session,
    participants: Sequence[Participant],
    verdicts: Mapping[str, DigestedVerdict],
    scale: TimeScale,
) -> SessionOverview:
    """The overview of a folded session; `verdicts` are by participant."""
    digested = [(row, verdicts[row.id]) for row in participants if row.id in verdicts]
    return SessionOverview(
        session=session_verdict_of(session, scale, [(row, each.brief) for row, each in digested]),
        peers=[each.packed for _, each in digested],
        people=[
            Person(
                app_id=row.app_id,
                person=person_of(row.app_id, row),
                name=row.display_name,
                custom_participant_id=row.custom_participant_id,
                user_id=row.user_id,
                last_at=row.joined_at,
            )
            for row, _ in digested
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
    calls = calls_of(digests)
    return SessionVerdict(
        app_id=session.app_id,
        session_id=session.id,
        created_at=session.created_at,
        rank=rank_of(quality) if quality is not None else None,
        summary=summary,
        is_bad=quality is not None and quality.is_bad,
        facets=facets_of(session, calls),
        calls=calls,
        marks=search_terms_of(
            [session.title, *(row.display_name for row in shown)],
            [id for row in shown for id in (row.custom_participant_id, row.user_id)],
        ),
    )
