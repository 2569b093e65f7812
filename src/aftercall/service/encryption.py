"""Encryption of secrets as they are stored."""

import base64
import hashlib
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aftercall.core.errors import Malformed
from aftercall.settings import Settings

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

KEY_FILE: Final = "secret.key"
"""The file of the data folder that holds the encryption key, where no setting does."""

SHORTEST_ENCRYPTION_KEY: Final = 32


class Undecryptable(Exception):
    """What was stored was encrypted with another key."""


class Encryption:
    """Encrypts and decrypts with the key of the settings, or of the data folder. Both raise
    `Malformed` when there is none that can be used."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._fernet: Fernet | None = None

    def encrypt(self, text: str) -> str:
        return self._cipher().encrypt(text.encode()).decode()

    def decrypt(self, sealed: str) -> str:
        """Raises `Undecryptable`."""
        from cryptography.fernet import InvalidToken  # noqa: PLC0415 - 8 MB, of few processes

        try:
            return self._cipher().decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise Undecryptable from None

    def _cipher(self) -> "Fernet":
        from cryptography.fernet import Fernet  # noqa: PLC0415 - 8 MB, of few processes

        if self._fernet is None:
            digest = hashlib.sha256(_encryption_key(self._settings).encode()).digest()
            self._fernet = Fernet(base64.urlsafe_b64encode(digest))
        return self._fernet


def _encryption_key(settings: Settings) -> str:
    """The setting; else what the file in the data folder holds, which is made at the first use.

    The file serves the embedded database alone: other nodes of a PostgreSQL database would not
    have it.
    """
    if settings.secret_key:
        if len(settings.secret_key) < SHORTEST_ENCRYPTION_KEY:
            raise Malformed(
                f"AFTERCALL_SECRET_KEY must have at least {SHORTEST_ENCRYPTION_KEY} characters",
                code="weak_secret_key",
            )
        return settings.secret_key
    if settings.database_url:
        raise Malformed(
            "Keys of sources and secrets of webhooks are stored encrypted: set "
            "AFTERCALL_SECRET_KEY to the same value for every process, at least 32 characters",
            code="no_secret_key",
        )
    return _key_in_file(settings.data_dir / KEY_FILE)


def _key_in_file(path: Path) -> str:
    """The content of the file; written under another name first, so that nobody reads half."""
    with suppress(FileExistsError):
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            made = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
            descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(48))
            try:
                os.link(made, path)
            finally:
                made.unlink()
    return path.read_text().strip()
