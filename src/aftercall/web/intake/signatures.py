"""How sources without an API token prove who they are: by a signature over what they post."""

from collections.abc import Callable
from typing import Final, NamedTuple

from aftercall.core.errors import Unauthenticated
from aftercall.core.instants import EpochMs
from aftercall.ingest.livekit import tokens as livekit_tokens
from aftercall.service.accounts.source_keys import Signer, SourceKeys
from aftercall.web.http.cors import Headers


class Signature(NamedTuple):
    """How the signature of one source is read and checked."""

    token_in: Callable[[Headers], str | None]
    key_of: Callable[[str], str | None]
    """The id of the key that a signature names."""
    check: Callable[[str, bytes, str, EpochMs], None]
    """Raises `Unauthenticated` unless the token signs the body with a secret at a time."""


def _authorization(headers: Headers) -> str | None:
    """The token of `Authorization`, with `Bearer` or, as LiveKit sends it, without."""
    text = headers.get(b"authorization", b"").decode("latin-1").strip()
    scheme, _, token = text.partition(" ")
    return (token.strip() if scheme.lower() == "bearer" else text) or None


LIVEKIT: Final = Signature(_authorization, livekit_tokens.signing_key, livekit_tokens.check_webhook)


class SignedRequest(NamedTuple):
    """A request whose body has not been checked yet."""

    token: str
    signer: Signer


async def signer_of(
    keys: SourceKeys, app_id: str, source: str, signature: Signature, headers: Headers
) -> SignedRequest:
    """Whose key a request names. Raises `Unauthenticated` if it is none of the app's."""
    token = signature.token_in(headers)
    if token is None:
        raise Unauthenticated("The request is not signed", code="token_missing")
    key_id = signature.key_of(token)
    found = [] if key_id is None else await keys.signers(source, key_id)
    signer = next((each for each in found if each.app_id == app_id), None)
    if signer is None:
        raise Unauthenticated(
            "The request is not signed with a key of this app", code="token_invalid"
        )
    return SignedRequest(token, signer)
