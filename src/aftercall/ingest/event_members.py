"""What the events of a backend share: the types of their members, and the common ones."""

from typing import Annotated

import msgspec
from msgspec import Meta

Id = Annotated[str, Meta(min_length=1, max_length=256)]
Name = Annotated[str, Meta(max_length=256)]
Text = Annotated[str, Meta(max_length=10_000)]
When = float | str


class BackendEvent(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """The members of every event."""

    at: When
    id: Id | None = None
    meeting_id: Id | None = None
    session_id: Id | None = None
