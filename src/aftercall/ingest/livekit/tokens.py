"""LiveKit's JWTs: those that sign webhooks, and those with which a browser joins a room.

Only HS256 is accepted, as LiveKit's own server does. The caller has the clock and the secrets.
"""

import base64
import hashlib
import hmac
import warnings
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from aftercall.core.errors import Unauthenticated
from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.ingest.livekit.members import HIDDEN_KINDS
from aftercall.ingest.untyped_json import as_object, as_text

LEEWAY_S: Final = 60
"""How far the clocks may differ; that of LiveKit's verifier."""

MOST_AGE_S: Final = 300
"""How old a signature may be; LiveKit makes its own expire after as long."""

LONGEST: Final = 16_384
_ALGORITHM: Final = "HS256"
_UNSIGNED_BODY: Final = "The request is not signed with a key of this app"


class AccessToken(NamedTuple):
    """What an access token allows: to be this identity in this room."""

    identity: str
    room: str
    name: str | None
    is_hidden: bool
    issued_at: EpochMs
    expires_at: EpochMs


def signing_key(token: str) -> str | None:
    """The id of the key that a token names; nothing is verified."""
    issuer = _unverified(token).get("iss")
    return issuer if isinstance(issuer, str) and issuer else None


def is_access_token(token: str) -> bool:
    """Whether a token has the shape of one with which a browser joins a room."""
    claims = _unverified(token)
    return isinstance(claims.get("video"), dict) and "orgId" not in claims


def check_webhook(token: str, body: bytes, secret: str, now: EpochMs) -> None:
    """Raises `Unauthenticated` unless the token signs exactly this body, with this secret, and was
    made within the last five minutes."""
    claims = _verified(token, secret)
    now_s = now / SECOND_MS
    expires_s, begins_s = _number(claims, "exp"), _number(claims, "nbf")
    issued_s = _number(claims, "iat") or begins_s
    is_current = (
        expires_s is not None
        and now_s < expires_s + LEEWAY_S
        and (begins_s is None or begins_s <= now_s + LEEWAY_S)
        and (not issued_s or abs(now_s - issued_s) <= MOST_AGE_S + LEEWAY_S)
    )
    given = claims.get("sha256")
    digest = base64.b64encode(hashlib.sha256(body).digest())
    is_body = isinstance(given, str) and hmac.compare_digest(given.encode(), digest)
    if not is_current:
        raise Unauthenticated("The signature is not of this time", code="token_expired")
    if not is_body:
        raise Unauthenticated(_UNSIGNED_BODY, code="token_invalid")


def read_access_token(token: str, secret: str, now: EpochMs) -> AccessToken:
    """What a token allows. Raises `Unauthenticated` unless it lets its holder join a room. The
    caller checks `expires_at`."""
    claims = _verified(token, secret)
    video = as_object(claims.get("video"))
    identity, room = as_text(claims.get("sub")), as_text(video.get("room"))
    expires_s, begins_s = _number(claims, "exp"), _number(claims, "nbf")
    is_early = begins_s is not None and begins_s > now / SECOND_MS + LEEWAY_S
    if identity is None or room is None or video.get("roomJoin") is not True:
        raise Unauthenticated("The token lets nobody join a room", code="token_invalid")
    if "sha256" in claims or expires_s is None or is_early:
        raise Unauthenticated("The token is not an access token", code="token_invalid")
    kind = (as_text(claims.get("kind")) or "").upper()
    issued_s = _number(claims, "iat") or begins_s or 0
    return AccessToken(
        identity,
        room,
        as_text(claims.get("name")),
        video.get("hidden") is True or kind in HIDDEN_KINDS,
        EpochMs(int(issued_s * SECOND_MS)),
        EpochMs(int(expires_s * SECOND_MS)),
    )


def _unverified(token: str) -> Mapping[str, Any]:
    """The claims of a token that nobody has verified; none of a token of another algorithm."""
    import jwt  # noqa: PLC0415 - it imports cryptography

    if len(token) > LONGEST:
        return {}
    try:
        if jwt.get_unverified_header(token).get("alg") != _ALGORITHM:
            return {}
        return jwt.decode(token, options={"verify_signature": False})
    except (jwt.InvalidTokenError, UnicodeError, ValueError):
        return {}


def _verified(token: str, secret: str) -> Mapping[str, Any]:
    """The claims of a token that is signed with the secret."""
    import jwt  # noqa: PLC0415 - it imports cryptography

    # A LiveKit server in development mode signs with a secret of six letters.
    signatures = jwt.PyJWS(options={"enforce_minimum_key_length": False})
    try:
        with warnings.catch_warnings(action="ignore"):
            payload = signatures.decode(token, secret, algorithms=[_ALGORITHM])
        claims = msgspec.json.decode(payload)
    except (jwt.PyJWTError, msgspec.DecodeError, UnicodeError, ValueError):
        raise Unauthenticated(_UNSIGNED_BODY, code="token_invalid") from None
    return as_object(claims)


def _number(claims: Mapping[str, Any], name: str) -> float | None:
    """A claim that is a number. Raises `Unauthenticated` for one that is something else."""
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e11:
        raise Unauthenticated("The token has a time that is none", code="token_invalid")
    return float(value)
