"""How long an app keeps which data, as the settings page shows and sets it."""

from collections.abc import Mapping

import msgspec
from msgspec import UNSET, UnsetType

Time = int | str | None | UnsetType
"""Seconds; a text such as `30d` or `forever`; null: as the server's settings say."""


class RetentionBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For how long each kind is kept after a session's end. What is not named is as the server's
    settings say."""

    samples: Time = UNSET
    reports: Time = UNSET
    chat: Time = UNSET
    transcripts: Time = UNSET
    summaries: Time = UNSET
    addresses: Time = UNSET
    sessions: Time = UNSET


def times_given(body: RetentionBody) -> Mapping[str, object]:
    """The members that a body has."""
    members = ((name, getattr(body, name)) for name in body.__struct_fields__)
    return {name: value for name, value in members if value is not UNSET}


class KeptKind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of data. `kept_s` 0: as long as the session; `effective_s` is shorter than `kept_s`
    where the limit of another kind is. `next_at` is when the time of the oldest session with this
    kind is over, in ms since 1970; `next_sessions` lose it within a day from then on."""

    kind: str
    kept_s: int
    effective_s: int
    is_default: bool
    next_at: int | None
    next_sessions: int


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    kinds: list[KeptKind]


class PastKind(msgspec.Struct, frozen=True, kw_only=True):
    """How many sessions have data of a kind that would be deleted."""

    kind: str
    sessions: int


class RetentionPreview(msgspec.Struct, frozen=True, kw_only=True):
    kinds: list[PastKind]
