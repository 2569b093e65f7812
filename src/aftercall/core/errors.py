"""What can go wrong, by whose fault it is.

Every error carries a stable `code` for programs and a sentence for people. The front door
turns the family into a status; nothing else in the program knows one.

    AftercallError
      Malformed   the sender's: the request cannot be read, or a value is out of its range
      Refused     the caller's rights: no valid credentials, or not for this
      NotFound    nobody's: there is no such thing, or not for this caller
      Busy        ours, for now: try again later; `Unavailable` when it is the database's,
                  `OverBudget` when it is the caller's, who sends more than it may
      Bug         ours, for good: something that must not happen
"""

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
    """The sender's fault. `field` names the member or parameter at fault, if one is."""

    code = "malformed"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        field: str | None = None,
        is_body: bool = False,
        is_too_large: bool = False,
    ) -> None:
        super().__init__(message, code=code)
        self.field = field
        self.is_body = is_body
        """A well-formed body that breaks a rule (RealtimeKit answers 422), not an
        unreadable request or query (400)."""
        self.is_too_large = is_too_large


class Refused(AftercallError):
    """The caller may not. `is_unknown` when we do not know who calls."""

    code = "refused"

    def __init__(self, message: str, *, code: str | None = None, is_unknown: bool = False) -> None:
        super().__init__(message, code=code)
        self.is_unknown = is_unknown


class NotFound(AftercallError):
    """There is no such thing for this caller."""

    code = "not_found"


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
