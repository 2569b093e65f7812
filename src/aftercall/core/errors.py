"""Errors, by whose fault they are.

Every error carries a stable `code` for programs and a sentence for people. `web` maps each class to
an HTTP status; no other package knows about statuses.

    AftercallError
      Malformed   the sender's fault: the request cannot be read, or a value is out of range;
                  `InvalidBody` if the body is readable and breaks a rule, `TooLarge` if it has
                  too many bytes
      Refused     the caller lacks the right, or is not identified (`Unauthenticated`); or nobody
                  has the right, because it is an order to a call (`CallNotControlled`)
      NotFound    there is no such resource, or none that this caller may see
      Busy        temporary: try again later; `Unavailable` when the database fails,
                  `OverBudget` when the caller sends more than it may
      Bug         our own mistake: something that must not happen
"""

from typing import Self

from aftercall.core.instants import SECOND_MS, EpochMs


class AftercallError(Exception):
    """The base class; it is never raised itself."""

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
    the member or parameter at fault, if there is one."""

    code = "malformed"

    def __init__(self, message: str, *, code: str | None = None, field: str | None = None) -> None:
        super().__init__(message, code=code)
        self.field = field


class InvalidBody(Malformed):
    """A readable body that breaks a rule, such as a missing member."""


class TooLarge(Malformed):
    """A body with more bytes than allowed."""


class Refused(AftercallError):
    """The caller lacks the right."""

    code = "refused"


class Unauthenticated(Refused):
    """The caller is not identified: there are no credentials, or no valid ones."""


class CallNotControlled(Refused):
    """An order to a call or its media: Aftercall records calls and controls none."""

    code = "call_not_controlled"


class NotFound(AftercallError):
    """There is no such resource for this caller."""

    code = "not_found"

    @classmethod
    def of(cls, kind: str, id: str) -> Self:
        """The error for an unknown id of a `session`, `peer`, …"""
        return cls(f"No {kind} found with id {id}", code=f"{kind}_not_found")


class Busy(AftercallError):
    """The request cannot be served at present; `retry_after_s` says when to try again."""

    code = "busy"

    def __init__(self, message: str, *, code: str | None = None, retry_after_s: int = 1) -> None:
        super().__init__(message, code=code)
        self.retry_after_s = retry_after_s


class Unavailable(Busy):
    """The database cannot be reached, or refuses writes, at present."""

    code = "unavailable"


class SerializationConflict(Unavailable):
    """Another transaction got in the way: the same may succeed when it is tried again."""


class OverBudget(Busy):
    """The caller has spent one of its budgets."""

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
        """The name of the budget that is spent."""
        self.limit = limit
        """The amount that may come within `window_s` seconds."""
        self.window_s = window_s
        self.resets_at = EpochMs(now + retry_after_s * SECOND_MS)


class Bug(AftercallError):
    """Our own mistake."""

    code = "bug"
