"""Links with which one session can be read."""

from typing import Annotated

import msgspec
from msgspec import Meta

from aftercall.core.instants import EpochMs

_SHORTEST_LIFE_S = 300
_LONGEST_LIFE_S = 90 * 86_400
_DEFAULT_LIFE_S = 7 * 86_400


class NewReadLink(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`expires_in_s`: 5 minutes to 90 days. `with_talk`: chat, transcript and summary can be read
    with the link."""

    expires_in_s: Annotated[int, Meta(ge=_SHORTEST_LIFE_S, le=_LONGEST_LIFE_S)] = _DEFAULT_LIFE_S
    with_talk: bool = False


class ReadLink(msgspec.Struct, frozen=True, kw_only=True):
    """A link, without its code. `created_by`: the id of a token or of a sign-in, or `cli`."""

    id: str
    session_id: str
    with_talk: bool
    created_at: EpochMs
    created_by: str
    expires_at: EpochMs
    revoked_at: EpochMs | None
    last_opened_at: EpochMs | None
    times_opened: int


class ReadLinkPage(msgspec.Struct, frozen=True, kw_only=True):
    """Links that have not expired, the latest first."""

    links: list[ReadLink]
    next_cursor: str | None


class MadeReadLink(msgspec.Struct, frozen=True, kw_only=True):
    """A new link; `url`, with its code, is in this answer alone and stored nowhere."""

    link: ReadLink
    url: str


class RevokedReadLink(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    revoked: bool = True


class ReadLinkCode(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The code of a link: what follows the `#` in its address."""

    code: str


class OpenedReadLink(msgspec.Struct, frozen=True, kw_only=True):
    """What a link shows, and until when."""

    app_id: str
    session_id: str
    with_talk: bool
    expires_at: EpochMs
    now: EpochMs
