"""How BigBlueButton signs with the shared secret of its server: the analytics callback by a JWT
that does not cover the body, webhooks by a checksum over address, body and secret."""

import hashlib
import hmac
import warnings
from typing import Final
from urllib.parse import unquote_plus

from aftercall.core.errors import Unauthenticated
from aftercall.core.instants import SECOND_MS, EpochMs

CHECKSUM: Final = "checksum "
"""Before the checksum of a webhook, and the address it was made for, in place of a token."""

LEEWAY_S: Final = 300
LIFE_S: Final = 86_400
"""For how long BigBlueButton signs a callback."""

_ALGORITHM: Final = "HS512"
_DIGESTS: Final = {40: "sha1", 64: "sha256", 96: "sha384", 128: "sha512"}
"""By the number of hexadecimal digits."""

_REFUSED: Final = "The request is not signed with the secret of a server of this app"


def check(token: str, body: bytes, secret: str, now: EpochMs) -> None:
    """Raises `Unauthenticated` unless the secret signed the request."""
    if token.startswith(CHECKSUM):
        _check_hook(token.removeprefix(CHECKSUM), body, secret)
    else:
        _check_callback(token, secret, now)


def _check_hook(signed: str, body: bytes, secret: str) -> None:
    given, _, address = signed.partition(" ")
    text = unquote_plus(body.decode("utf-8", errors="replace"))
    name = _DIGESTS.get(len(given))
    if name is None:
        raise Unauthenticated(_REFUSED, code="token_invalid")
    digest = hashlib.new(name, f"{address}{text}{secret}".encode()).hexdigest()
    if not hmac.compare_digest(given.lower().encode(), digest.encode()):
        raise Unauthenticated(_REFUSED, code="token_invalid")


def _check_callback(token: str, secret: str, now: EpochMs) -> None:
    import jwt  # noqa: PLC0415 - it imports cryptography

    signatures = jwt.PyJWT(options={"verify_exp": False, "enforce_minimum_key_length": False})
    try:
        with warnings.catch_warnings(action="ignore"):
            claims = signatures.decode(token, secret, algorithms=[_ALGORITHM])
    except (jwt.PyJWTError, UnicodeError, ValueError):
        raise Unauthenticated(_REFUSED, code="token_invalid") from None
    expires_s, now_s = claims.get("exp"), now / SECOND_MS
    if isinstance(expires_s, bool) or not isinstance(expires_s, int | float):
        raise Unauthenticated(_REFUSED, code="token_invalid")
    if not now_s - LEEWAY_S < expires_s <= now_s + LIFE_S + LEEWAY_S:
        raise Unauthenticated("The signature is not of this time", code="token_expired")
