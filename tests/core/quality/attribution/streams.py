"""Activities of streams for tests."""

from collections.abc import Sequence
from typing import Any

from aftercall.core.quality.activity.stream_activity import StreamActivity
from aftercall.core.quality.issues import StreamRef
from aftercall.core.quality.stats.report_linker import Family
from aftercall.core.spans import Span


def activity_of(ref: StreamRef, *, flowing: Sequence[Span], **known: Any) -> StreamActivity:
    """The activity of a stream without trouble, except for what is `known`."""
    plain: dict[str, Any] = {"stalled": [], "voiced": [], "lossy": [], "jittery": []}
    plain |= {"has_loss": True, "is_shown": False}
    return StreamActivity(
        ref=ref, family=Family(ref.family or ""), flowing=list(flowing), **plain | known
    )
