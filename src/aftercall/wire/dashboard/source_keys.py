"""Keys with which other systems sign what they post."""

from typing import Annotated

import msgspec
from msgspec import Meta

from aftercall.core.instants import EpochMs


class NewSourceKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`key_id`: the public part of the key, as the source names it; `secret`: what it signs
    with. A key with the same id is replaced."""

    source: Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,31}$")]
    key_id: Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{1,64}$")]
    secret: Annotated[str, Meta(min_length=1, max_length=4_096)]


class SourceKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key, without its secret. `created_by`: the id of a token or of a sign-in, or `cli`."""

    source: str
    key_id: str
    created_at: EpochMs
    created_by: str


class SourceKeyList(msgspec.Struct, frozen=True, kw_only=True):
    keys: list[SourceKey]


class RemovedSourceKey(msgspec.Struct, frozen=True, kw_only=True):
    source: str
    key_id: str
    removed: bool = True
