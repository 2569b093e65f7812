"""The forms of a call: who sends what, and whether a server stands between the peers."""

from enum import StrEnum
from typing import Final

from aftercall.simulator.media import CAMERA, MICROPHONE, Source

_ON_STAGE: Final = 4


class Form(StrEnum):
    """Who sends what to whom."""

    MEETING = "meeting"
    """Everybody sends sound and picture, through an SFU."""
    AUDIO = "audio"
    """Nobody has a camera."""
    SLIDES = "slides"
    """The first guest shows slides for nearly all of it, and has the only camera."""
    WEBINAR = "webinar"
    """Four guests send, everybody else watches."""
    MESH = "mesh"
    """Everybody sends to everybody, without a server between them."""

    def sources(self, number: int) -> tuple[Source, ...]:
        """What the guest of that number sends from the start."""
        match self:
            case Form.AUDIO:
                return (MICROPHONE,)
            case Form.SLIDES:
                return (MICROPHONE,) if number else (MICROPHONE, CAMERA)
            case Form.WEBINAR:
                return (MICROPHONE, CAMERA) if number < _ON_STAGE else ()
            case Form.MEETING | Form.MESH:
                return MICROPHONE, CAMERA

    def screen_time(self, length_s: int, *, is_chosen: bool) -> tuple[int, int] | None:
        """From which second to which the first guest shares a screen; in a meeting only if that
        was chosen."""
        match self:
            case Form.MEETING | Form.MESH:
                return (int(length_s * 0.35), int(length_s * 0.6)) if is_chosen else None
            case Form.SLIDES:
                return int(length_s * 0.05), int(length_s * 0.95)
            case Form.AUDIO | Form.WEBINAR:
                return None

    @property
    def most_speakers(self) -> int:
        """How many guests may have a part in what is said."""
        return _ON_STAGE if self is Form.WEBINAR else 1_000
