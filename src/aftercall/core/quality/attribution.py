"""Who is to blame: what the reports of a whole session together say about each participant."""

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.quality.issues import IssueName, Severity


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to say about a participant's call, in a sentence for people. `cause` is a
    stable word for programs; `peer_ids` are the others concerned."""

    cause: str
    severity: Severity
    sentence: str
    first_at: EpochMs
    last_at: EpochMs
    issues: list[IssueName]
    peer_ids: list[str] = []
