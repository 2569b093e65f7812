"""Pseudonyms: what a participant is called in a record from which the person was erased.

A pseudonym is a function of the session and the participant, so a person has another one in every
session.
"""

from typing import Final

from aftercall.core.ids import id_from

PREFIX: Final = "erased-"
"""Begins the `user_id` of every erased participant; no source may use it."""

AFTER_PREFIX: Final = "erased."
"""The least text after all texts that begin with `PREFIX`, for ranges of an index."""

_DIGITS: Final = 8


def pseudonym_of(app_id: str, session_id: str, participant_id: str) -> str:
    """The `user_id` of an erased participant: `erased-5f1c02ab`."""
    return PREFIX + id_from(app_id, "pseudonym", session_id, participant_id)[:_DIGITS]


def name_of_pseudonym(pseudonym: str) -> str:
    """The display name of an erased participant: `Erased 5f1c02ab`."""
    return f"Erased {pseudonym.removeprefix(PREFIX)}"


def is_pseudonym(user_id: str | None) -> bool:
    """Whether a `user_id` is a pseudonym."""
    return user_id is not None and user_id.startswith(PREFIX)
