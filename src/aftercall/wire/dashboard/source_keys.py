"""Keys with which other systems sign what they post."""

from typing import Annotated

import msgspec
from msgspec import Meta

from aftercall.core.instants import EpochMs


class NewSourceKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`key_id`: the public part of the key, as the source names it; `secret`: what it signs
    with. A key with the same id is replaced. `server_url`: where LiveKit's server API answers; it
    is then asked who is in which room."""

    source: Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,31}$")]
    key_id: Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{1,64}$")]
    secret: Annotated[str, Meta(min_length=1, max_length=4_096)]
    server_url: Annotated[str, Meta(max_length=2_048)] = ""


class AskedServer(msgspec.Struct, frozen=True, kw_only=True):
    """A server that is asked who is present. `answered_at`: when it last did; `error`: the code of
    why it did not when last asked, such as `timed_out`, `http_401` or `address_refused`."""

    url: str
    asked_at: EpochMs | None
    answered_at: EpochMs | None
    error: str | None


class SourceKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key, without its secret. `created_by`: the id of a token or of a sign-in, or `cli`."""

    source: str
    key_id: str
    created_at: EpochMs
    created_by: str
    server: AskedServer | None = None


class SourceKeyList(msgspec.Struct, frozen=True, kw_only=True):
    keys: list[SourceKey]


class RemovedSourceKey(msgspec.Struct, frozen=True, kw_only=True):
    source: str
    key_id: str
    removed: bool = True
