"""The current quality of the call for each peer, for the badges of the call page."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from aftercall.core.errors import NotFound
from aftercall.core.instants import SECOND_MS
from aftercall.core.quality.experience.levels import level_of
from aftercall.service.accounts.tokens import ParticipantGrant
from aftercall.service.services import Services

JUST_NOW_MS: Final = 30 * SECOND_MS
"""How old an interval may be to count as the present."""

_STREAM_WORDS: Final = {
    "audio_consumer": "hears",
    "video_consumer": "sees",
    "screenshare_video_consumer": "sees of a screen",
    "audio_producer": "sends as voice",
    "video_producer": "sends as picture",
    "screenshare_video_producer": "shows of a screen",
}


class _Row(msgspec.Struct):
    """The members of a report's row that a badge needs."""

    timestamp: datetime
    mos: float | None = None


class Badge(msgspec.Struct, kw_only=True):
    """The worst stream's estimated opinion score, from 1 to 5, its level from 1 (bad) to 4 (good),
    and which stream it is."""

    peer_id: str
    mos: float
    level: int
    worst: str


async def live_badges(
    services: Services, grant: ParticipantGrant, peer_ids: Sequence[str]
) -> list[Badge]:
    """A badge for each peer of the grant's meeting that was measured just now; the others,
    known or not, are left out."""
    badges = []
    for peer_id in peer_ids:
        try:
            badge = await _badge_of(services, grant, peer_id)
        except NotFound:
            continue
        if badge is not None:
            badges.append(badge)
    return badges


async def _badge_of(services: Services, grant: ParticipantGrant, peer_id: str) -> Badge | None:
    presence = await services.session_reads.find_peer(grant.app_id, peer_id)
    if any(peer.meeting_id != grant.meeting_id for peer in presence.peers):
        return None
    report = await services.reports.report_of(
        presence.participant, presence.peers, presence.report, presence.kept
    )
    oldest_s = (services.clock() - JUST_NOW_MS) / SECOND_MS
    worst: tuple[int, float, str] | None = None
    for family, words in _STREAM_WORDS.items():
        rows = report.rows.get(family)
        known = msgspec.json.decode(rows.plain, type=list[_Row]) if rows else []
        recent = [
            row.mos
            for row in known
            if row.mos is not None and row.timestamp.timestamp() >= oldest_s
        ]
        if recent:
            mos = recent[-1]
            level = level_of(mos, None) if "audio" in family else level_of(None, mos)
            worst = min(filter(None, (worst, (level, mos, words))))
    if worst is None:
        return None
    return Badge(peer_id=peer_id, level=worst[0], mos=worst[1], worst=worst[2])
