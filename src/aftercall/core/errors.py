"""What can go wrong, by whose fault it is.

Every error carries a stable `code` for programs and a sentence for people. The front door
turns the class into a status; nothing else in the program knows one.

    AftercallError
      Malformed   the sender's: the request cannot be read, or a value is out of its range;
                  `InvalidBody` when the body can be read and breaks a rule, `TooLarge` when
                  there is too much of it
      Refused     the caller's rights: not for this, or `Unauthenticated`, without valid
                  credentials
      NotFound    nobody's: there is no such thing, or not for this caller
      Busy        ours, for now: try again later; `Unavailable` when it is the database's,
                  `OverBudget` when it is the caller's, who sends more than it may
      Bug         ours, for good: something that must not happen
"""

from typing import Self

from aftercall.core.instants import SECOND_MS, EpochMs


class AftercallError(Exception):
    """The family; never raised itself."""

    code: str = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        if type(self) is AftercallError:
            raise TypeError("raise one of the five families")
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class Malformed(AftercallError):
    """The sender's fault: an unreadable request, or a parameter that breaks a rule. `field` names
    the member or parameter at fault, if one is."""

    code = "malformed"

    def __init__(self, message: str, *, code: str | None = None, field: str | None = None) -> None:
        super().__init__(message, code=code)
        self.field = field


class InvalidBody(Malformed):
    """A readable body that breaks a rule, such as a member that is missing."""


class TooLarge(Malformed):
    """A body of more bytes than may be sent."""


class Refused(AftercallError):
    """The caller may not do this."""

    code = "refused"


class Unauthenticated(Refused):
    """The caller has not proved who it is: no credentials, or none that are valid."""


class NotFound(AftercallError):
    """There is no such thing for this caller."""

    code = "not_found"

    @classmethod
    def of(cls, kind: str, id: str) -> Self:
        """The error for a `session`, `peer`, … with an id that is not known."""
        return cls(f"No {kind} found with id {id}", code=f"{kind}_not_found")


class Busy(AftercallError):
    """We cannot now; `retry_after_s` says when to try again."""

    code = "busy"

    def __init__(self, message: str, *, code: str | None = None, retry_after_s: int = 1) -> None:
        super().__init__(message, code=code)
        self.retry_after_s = retry_after_s


class Unavailable(Busy):
    """The database cannot be reached, or refuses writes, for now."""

    code = "unavailable"


class OverBudget(Busy):
    """The caller sends more than it may for now."""

    code = "over_budget"

    def __init__(
        self,
        message: str,
        *,
        budget: str,
        limit: int,
        window_s: int,
        retry_after_s: int,
        now: EpochMs,
    ) -> None:
        super().__init__(message, retry_after_s=retry_after_s)
        self.budget = budget
        """Which of its budgets is spent."""
        self.limit = limit
        """How much may come in `window_s` seconds."""
        self.window_s = window_s
        self.resets_at = EpochMs(now + retry_after_s * SECOND_MS)


class Bug(AftercallError):
    """Our own mistake."""

    code = "bug"
