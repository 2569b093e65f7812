"""A getStats report of which the text may be wrong as well as the members."""

from aftercall.core.errors import Malformed
from aftercall.core.quality.stats.getstats import SampleBody, decode_body
from aftercall.core.texts import readable_json


def read_sample(raw: bytes) -> SampleBody:
    """The report. Raises `Malformed` (`sample_unreadable`) for what is none."""
    try:
        return decode_body(raw)
    except Malformed:
        return decode_body(readable_json(raw))
