"""Digests of synthetic calls, computed as at the end of a session."""

from collections.abc import Mapping, Sequence

from aftercall.core.instants import EpochMs
from aftercall.core.overview.digest import Digest, digest_of, screenshare_spans
from aftercall.core.quality.experience.mos_over_time import moments_of
from aftercall.core.quality.experience.time_scale import scale_of
from aftercall.core.quality.report.cross_participant_pass import complete
from aftercall.core.quality.report.fold import PeerFacts, fold
from tests.core.quality.synthetic_call import CALL_START, Call


def digests_of(
    participants: Mapping[str, Sequence[PeerFacts]], from_at: EpochMs, end_at: EpochMs
) -> dict[str, Digest]:
    """The digest of each participant of a session, by participant id."""
    scale = scale_of(from_at, end_at)
    folded = {name: fold(facts, end_at) for name, facts in participants.items()}
    verdicts = dict(
        complete(
            {name: each.verdict for name, each in folded.items()},
            {name: each.activity for name, each in folded.items()},
            {name: name for name in folded},
            end_at,
            {name: moments_of(each.scores, scale) for name, each in folded.items()},
        )
    )
    return {
        name: digest_of(
            verdicts[name], scale, screenshare_spans(each.screenshare_at, scale), each.streams
        )
        for name, each in folded.items()
    }


def judged(call: Call) -> dict[str, Digest]:
    """The digests of a synthetic call."""
    return digests_of(call.facts_by_participant(), CALL_START, call.end_at)
