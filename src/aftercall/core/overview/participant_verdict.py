"""What a participant's page says first: the verdict on a session as that participant had it."""

from collections.abc import Mapping, Sequence

from aftercall.core.instants import EpochMs
from aftercall.core.overview.causes import causes_of
from aftercall.core.overview.digest import Digest
from aftercall.core.overview.session_summary import DigestedParticipant
from aftercall.core.overview.verdict_words import Call, VerdictWords, unjudged, verdict_for
from aftercall.core.quality.diagnosis.named_text import MarkedPeople
from aftercall.core.quality.experience.levels import UNKNOWN


def subjects_of(digest: Digest) -> set[str]:
    """The participants at whom the causes lie of what was found about a participant."""
    return {finding.subject for finding in digest.diagnosis if finding.subject is not None}


def verdict_of_participant(
    participant_id: str,
    concerned: Sequence[DigestedParticipant],
    names: Mapping[str, str],
    *,
    now: EpochMs | None,
) -> VerdictWords:
    """The verdict, as the session's page words it, from the digests of the participant and of those
    whom `subjects_of` names. `names` are everybody's; `now` is the time of a live session."""
    digests = {participant.id: digest for participant, digest in concerned}
    digest = digests.get(participant_id)
    if digest is None:
        return unjudged(UNKNOWN)
    call = Call(causes_of(concerned), MarkedPeople(names), now)
    return verdict_for(participant_id, digest, call)
