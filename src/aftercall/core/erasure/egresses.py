"""What stays of a recording or livestream when somebody who took part is erased."""

from typing import Final

from msgspec.structs import replace

from aftercall.core.egresses import (
    AUDIO_DOWNLOAD_URL,
    DOWNLOAD_URL,
    DOWNLOAD_URL_EXPIRES_AT,
    PLAYBACK_URL,
    Egress,
    Stated,
)
from aftercall.core.erasure.mentions import PersonMentions
from aftercall.core.instants import EpochMs

_PLACES: Final = (AUDIO_DOWNLOAD_URL, DOWNLOAD_URL, DOWNLOAD_URL_EXPIRES_AT, PLAYBACK_URL)
"""Where the media are, in which the person is heard and seen."""


def erase_egress(egress: Egress, mentions: PersonMentions, now: EpochMs) -> Egress:
    """The egress without its addresses and without mentions of the person. What is stated at `now`
    outlasts a repeat of an earlier report."""
    texts = dict(egress.texts)
    for name, stated in egress.texts.items():
        value = "" if name in _PLACES else mentions.replace(stated.value)
        if value != stated.value:
            texts[name] = Stated(max(now, stated.at), value)
    return egress if texts == egress.texts else replace(egress, texts=texts)
