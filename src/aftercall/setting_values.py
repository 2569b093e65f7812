"""The values of settings: read from a text or a file, and refused in a sentence that names them."""

from pathlib import Path
from typing import Any, Final

PREFIX: Final = "AFTERCALL_"
FILE_SUFFIX: Final = "_FILE"
"""`AFTERCALL_DATABASE_URL_FILE=/run/secrets/url` gives a setting as the content of a file, as
containers and systemd hand out secrets."""
MOST_FILE_BYTES: Final = 65_536


class BadSetting(ValueError):
    """A setting that cannot be used; the message names it and what it may be."""


def parse_value(
    name: str, text: str, kind: Any, choices: tuple[str, ...], bounds: tuple[int, int] | None
) -> Any:
    """The value of a setting's text. `bounds`: the least and the largest number. Raises
    `BadSetting`."""
    if kind is bool:
        lowered = text.strip().lower()
        if lowered in {"1", "true", "yes", "on"}:
            return True
        if lowered in {"0", "false", "no", "off", ""}:
            return False
        raise BadSetting(f"{PREFIX}{name.upper()} must be true or false, not {text!r}")
    if kind is int:
        try:
            number = int(text)
        except ValueError:
            raise BadSetting(
                f"{PREFIX}{name.upper()} must be a whole number, not {text!r}"
            ) from None
        if bounds is not None and not bounds[0] <= number <= bounds[1]:
            raise BadSetting(
                f"{PREFIX}{name.upper()} must be from {bounds[0]} to {bounds[1]}, not {number}"
            )
        return number
    if kind is Path:
        return Path(text)
    if choices and text not in choices:
        raise BadSetting(
            f"{PREFIX}{name.upper()} must be one of {', '.join(choices)}, not {text!r}"
        )
    return text


def read_value_file(key: str, path: Path) -> str:
    """The content without the line break at its end. The message of an error repeats nothing of
    it, as it may be a password."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_FILE_BYTES + 1)
    except OSError as error:
        raise BadSetting(f"{key}: {path} cannot be read: {error.strerror}") from None
    if len(content) > MOST_FILE_BYTES:
        raise BadSetting(f"{key}: {path} is larger than {MOST_FILE_BYTES} bytes")
    try:
        return content.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise BadSetting(f"{key}: {path} is not UTF-8 text") from None
