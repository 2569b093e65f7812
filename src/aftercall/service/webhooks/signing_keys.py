"""The RSA keys that sign every delivery. They are made at the first use and kept encrypted.

A key is published a while before it signs and stays published after the next one has taken its
place, so that nobody meets a signature whose key is not published.
"""

import asyncio
import base64
import secrets
from typing import TYPE_CHECKING, Final

import msgspec

from aftercall.core.errors import Unavailable
from aftercall.core.instants import DAY_MS, MINUTE_MS, Clock, EpochMs
from aftercall.service.encryption import Encryption, Undecryptable
from aftercall.store import apps
from aftercall.store.engine.database import Database

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

KEY_NAME: Final = "webhook_signing_keys"
KNOWN_MS: Final = MINUTE_MS
"""How long a process remembers the keys: a rotation within it is known to all others after that."""

DEFAULT_LEAD_MS: Final = DAY_MS
"""How long a new key is published before it signs."""

KEPT_MS: Final = 30 * DAY_MS
"""How long a key is published after the next one has begun to sign."""

_BITS: Final = 2_048


class SigningKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key pair as stored. It signs from `signs_from` until that of the next one."""

    id: str
    public_pem: str
    sealed_pem: str
    signs_from: EpochMs


_decoder: Final = msgspec.json.Decoder(list[SigningKey])


class SigningKeys:
    """Makes the keys, rotates them and signs with them."""

    def __init__(self, *, db: Database, clock: Clock, encryption: Encryption) -> None:
        self._db = db
        self._clock = clock
        self._encryption = encryption
        self._known: list[SigningKey] = []
        self._read_at: EpochMs | None = None
        self._private: dict[str, RSAPrivateKey] = {}

    async def published(self) -> list[SigningKey]:
        """Every key that signatures may be made with, the one that signs now first."""
        keys, now = await self._keys(), self._clock()
        current = _current(keys, now)
        return [current, *(key for key in reversed(keys) if key is not current)]

    async def sign(self, body: bytes) -> str:
        """The signature of exactly these bytes (RSA PKCS#1 v1.5, SHA-256), in base64. Raises
        `Unavailable` if the key cannot be decrypted."""
        from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - 8 MB, of few processes
        from cryptography.hazmat.primitives.asymmetric import padding  # noqa: PLC0415

        key = self._opened(_current(await self._keys(), self._clock()))
        signed = await asyncio.to_thread(key.sign, body, padding.PKCS1v15(), hashes.SHA256())
        return base64.b64encode(signed).decode()

    async def rotate(self, *, lead_ms: int = DEFAULT_LEAD_MS) -> SigningKey:
        """Make a key that signs after `lead_ms`; returns it. Keys that nothing was signed with for
        `KEPT_MS` go."""
        await self._keys()
        now = self._clock()
        made = await self._made(EpochMs(now + lead_ms))
        async with self._db.write() as tx:
            stored = await apps.find_or_save_key(tx, KEY_NAME, "[]")
            keys = _decoder.decode(stored)
            kept = [
                key
                for key, following in zip(keys, [*keys[1:], made], strict=True)
                if following.signs_from > now - KEPT_MS
            ]
            await apps.replace_key(tx, KEY_NAME, _encode([*kept, made]))
        self._read_at = None
        return made

    async def _keys(self) -> list[SigningKey]:
        now = self._clock()
        if self._read_at is None or now - self._read_at > KNOWN_MS:
            async with self._db.read() as tx:
                stored = await apps.find_key(tx, KEY_NAME)
            if stored is None:
                first = _encode([await self._made(now)])
                async with self._db.write() as tx:
                    stored = await apps.find_or_save_key(tx, KEY_NAME, first)
            self._known, self._read_at = _decoder.decode(stored), now
        return self._known

    async def _made(self, signs_from: EpochMs) -> SigningKey:
        public, private = await asyncio.to_thread(_new_pair)
        return SigningKey(
            id=secrets.token_hex(8),
            public_pem=public,
            sealed_pem=self._encryption.encrypt(private),
            signs_from=signs_from,
        )

    def _opened(self, key: SigningKey) -> "RSAPrivateKey":
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
        from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415

        if key.id not in self._private:
            try:
                pem = self._encryption.decrypt(key.sealed_pem)
            except Undecryptable:
                raise Unavailable(
                    "The key that signs webhooks cannot be decrypted: it was stored with another "
                    "AFTERCALL_SECRET_KEY. Rotate it: `aftercall webhook-key rotate --now`."
                ) from None
            private = serialization.load_pem_private_key(pem.encode(), password=None)
            assert isinstance(private, rsa.RSAPrivateKey)
            self._private[key.id] = private
        return self._private[key.id]


def _current(keys: list[SigningKey], now: EpochMs) -> SigningKey:
    """The key that signs now: the latest that has begun to."""
    begun = [key for key in keys if key.signs_from <= now]
    return begun[-1] if begun else keys[0]


def _encode(keys: list[SigningKey]) -> str:
    return msgspec.json.encode(keys).decode()


def _new_pair() -> tuple[str, str]:
    """A public and a private key, as PEM."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415

    private = rsa.generate_private_key(public_exponent=65_537, key_size=_BITS)
    public_pem = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    private_pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return public_pem.decode(), private_pem.decode()
