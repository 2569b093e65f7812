"""How sources without an API token prove who they are: by a signature over what they post."""

from collections.abc import Callable
from contextlib import suppress
from typing import Final, NamedTuple

from aftercall.core.errors import Unauthenticated
from aftercall.core.instants import EpochMs
from aftercall.ingest.bigbluebutton import signature as bigbluebutton
from aftercall.ingest.livekit import tokens as livekit_tokens
from aftercall.ingest.realtimekit_webhooks import source as realtimekit_webhooks
from aftercall.service.accounts.source_keys import Signer, SourceKeys
from aftercall.web.intake.request import IntakeRequest


class Signature(NamedTuple):
    """How the signature of one source is read and checked."""

    token_in: Callable[[IntakeRequest], str | None]
    key_of: Callable[[str], str | None] | None
    """The id of the key that a signature names; `None` for a source that names none, whose keys
    are all tried."""
    check: Callable[[str, bytes, str, EpochMs], None]
    """Raises `Unauthenticated` unless the token signs the body with a secret at a time."""


def _authorization(request: IntakeRequest) -> str | None:
    """The token of `Authorization`, with `Bearer` or, as LiveKit sends it, without."""
    text = request.headers.get(b"authorization", b"").decode("latin-1").strip()
    scheme, _, token = text.partition(" ")
    return (token.strip() if scheme.lower() == "bearer" else text) or None


def _checksum_or_token(request: IntakeRequest) -> str | None:
    """BigBlueButton's checksum with the address that it covers, or the token of a callback."""
    checksum = request.query.get("checksum")
    if not checksum:
        return _authorization(request)
    return f"{bigbluebutton.CHECKSUM}{checksum[-1][:128]} {request.url}"


def _rtk_signature(request: IntakeRequest) -> str | None:
    return request.headers.get(b"rtk-signature", b"").decode("latin-1").strip() or None


LIVEKIT: Final = Signature(_authorization, livekit_tokens.signing_key, livekit_tokens.check_webhook)
BIGBLUEBUTTON: Final = Signature(_checksum_or_token, None, bigbluebutton.check)
REALTIMEKIT: Final = Signature(_rtk_signature, None, realtimekit_webhooks.check)


class SignedRequest(NamedTuple):
    """A request whose body has not been checked yet; one of the signers must have signed it."""

    token: str
    signers: list[Signer]

    def check(self, signature: Signature, body: bytes, now: EpochMs) -> None:
        """Raises `Unauthenticated` unless one of the keys signed the body."""
        for signer in self.signers[:-1]:
            with suppress(Unauthenticated):
                signature.check(self.token, body, signer.secret, now)
                return
        signature.check(self.token, body, self.signers[-1].secret, now)


async def signed_request(
    keys: SourceKeys, app_id: str, source: str, signature: Signature, request: IntakeRequest
) -> SignedRequest:
    """Whose key a request names. Raises `Unauthenticated` if it is none of the app's."""
    token = signature.token_in(request)
    if token is None:
        raise Unauthenticated("The request is not signed", code="token_missing")
    if signature.key_of is None:
        signers = await keys.secrets_of(app_id, source)
    else:
        key_id = signature.key_of(token)
        found = [] if key_id is None else await keys.signers(source, key_id)
        signers = [each for each in found if each.app_id == app_id]
    if not signers:
        raise Unauthenticated(
            "The request is not signed with a key of this app", code="token_invalid"
        )
    return SignedRequest(token, signers)
