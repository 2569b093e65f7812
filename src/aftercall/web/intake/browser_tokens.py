"""Tokens of other systems with which a participant's client reports: those its page has anyway.

LiveKit's access token names the room and the identity, and is signed with a key that an app of ours
knows as one of `livekit`. The key decides which app that is: whoever does not know its secret can
make no token for it.
"""

from typing import Final

from cachetools import TLRUCache

from aftercall.core.errors import Unauthenticated
from aftercall.core.events import Identity
from aftercall.core.instants import DAY_MS, Clock, EpochMs
from aftercall.ingest.livekit import event as livekit
from aftercall.ingest.livekit.tokens import (
    AccessToken,
    is_access_token,
    read_access_token,
    signing_key,
)
from aftercall.service.accounts.source_keys import SourceKeys
from aftercall.service.accounts.tokens import GRANT_LIFE_MS, ParticipantGrant, until

MOST_EXPIRED_MS: Final = DAY_MS
"""How long after its expiry a token still serves for the peer that it admitted. Chosen: a client
gets LiveKit's next token by signalling, not the page, and few calls last longer."""

_KEPT: Final = 16_384


class BrowserTokens:
    """Verifies tokens of other systems."""

    def __init__(self, keys: SourceKeys, *, clock: Clock) -> None:
        self._keys = keys
        self._clock = clock
        self._verified: TLRUCache[str, tuple[ParticipantGrant, EpochMs]] = TLRUCache(
            _KEPT, ttu=until, timer=clock
        )

    async def grant(self, token: str) -> ParticipantGrant | None:
        """The rights of the holder of a token; `None` for a token that is ours, or none at all.

        Raises `Unauthenticated`. An expired token is good for the peer that it admitted.
        """
        known = self._verified.get(token)
        if known is not None:
            return known[0]
        if not is_access_token(token):
            return None
        now = self._clock()
        app_id, access = await self._read(token, now)
        if now >= access.expires_at + MOST_EXPIRED_MS:
            raise Unauthenticated("The participant token has expired", code="token_expired")
        grant = _grant_of(app_id, access, is_expired=now >= access.expires_at)
        alive_until = EpochMs(now + GRANT_LIFE_MS)
        if not grant.is_expired:
            alive_until = min(alive_until, access.expires_at)
        self._verified[token] = grant, alive_until
        return grant

    async def _read(self, token: str, now: EpochMs) -> tuple[str, AccessToken]:
        """The app whose key signed a token, and what the token allows."""
        key_id = signing_key(token)
        signers = [] if key_id is None else await self._keys.signers(livekit.SOURCE, key_id)
        found: list[tuple[str, AccessToken]] = []
        for signer in signers:
            try:
                found.append((signer.app_id, read_access_token(token, signer.secret, now)))
            except Unauthenticated:
                continue
        if len(found) > 1:
            raise Unauthenticated(
                "Several apps have the key of this token: which is meant is not known",
                code="token_ambiguous",
            )
        if not found:
            raise Unauthenticated("The participant token is not valid", code="token_invalid")
        return found[0]


def _grant_of(app_id: str, access: AccessToken, *, is_expired: bool) -> ParticipantGrant:
    user_id = livekit.user_id_from(app_id, access.identity)
    return ParticipantGrant(
        app_id=app_id,
        meeting_id=livekit.meeting_id_from(app_id, access.room),
        member_id=user_id,
        identity=Identity(
            user_id=user_id,
            custom_participant_id=access.identity,
            display_name=access.name,
            is_hidden=access.is_hidden,
        ),
        generation=0,
        issued_at=access.issued_at,
        expires_at=access.expires_at,
        is_member=False,
        is_expired=is_expired,
        meeting_title=access.room,
    )
