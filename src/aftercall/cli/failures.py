"""What went wrong, in a sentence, and the exit code for it."""

from sqlalchemy.exc import DBAPIError

from aftercall.core.errors import AftercallError
from aftercall.settings import BadSetting
from aftercall.store.engine.database import UnfitDatabase


def explain(error: Exception) -> tuple[str, int] | None:
    """The sentence and the exit code of an expected failure; `None` for a fault of the program."""
    match error:
        case BadSetting():
            return str(error), 2
        case UnfitDatabase() | DBAPIError():
            return first_line(error), 3
        case AftercallError():
            return error.message, 1
        case OSError():
            reason = error.strerror or str(error)
            return (f"{error.filename}: {reason}" if error.filename else reason), 1
    return None


def first_line(error: BaseException) -> str:
    """A database driver's message, without the statement and the links it adds."""
    return str(error).splitlines()[0]
