"""The issues of a session's participants by what they are about, so that what concerns one pair
of participants is found without going through everything a listener received."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from aftercall.core.quality.issues import Issue, StreamRef
from aftercall.core.quality.stats.link import PRODUCERS

_SENT: Final = frozenset(family.value for family in PRODUCERS)


class IssueIndex:
    """`issues` are those of each participant, by its row; `sender_of` says whose a received
    stream is. What is asked for of a participant is put in order once."""

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
        """What a participant sent badly, and what befell its connections."""
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
