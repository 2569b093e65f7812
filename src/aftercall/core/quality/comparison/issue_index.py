"""The issues of a session's participants, indexed by sender."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from aftercall.core.quality.issues import Issue, StreamRef
from aftercall.core.quality.stats.report_linker import PRODUCERS

_SENT: Final = frozenset(family.value for family in PRODUCERS)


class IssueIndex:
    """An index of `issues`, which are by participant; `sender_of` gives the sender of a received
    stream. Each participant is indexed on first use."""

    def __init__(
        self,
        issues: Mapping[str, Sequence[Issue]],
        sender_of: Callable[[str, StreamRef], str | None],
    ) -> None:
        self._issues = issues
        self._sender_of = sender_of
        self._own: dict[str, list[Issue]] = {}
        self._by_sender: dict[str, dict[str | None, list[Issue]]] = {}

    def own(self, participant_id: str) -> list[Issue]:
        """The issues of what a participant sent, and of its connections."""
        found = self._own.get(participant_id)
        if found is None:
            found = [
                issue
                for issue in self._issues[participant_id]
                if issue.stream.family is None or issue.stream.family in _SENT
            ]
            self._own[participant_id] = found
        return found

    def of_sender(self, listener: str, sender: str) -> list[Issue]:
        """The listener's issues whose streams come from the sender."""
        found = self._by_sender.get(listener)
        if found is None:
            found = self._by_sender[listener] = {}
            for issue in self._issues[listener]:
                found.setdefault(self._sender_of(listener, issue.stream), []).append(issue)
        return found.get(sender, [])
