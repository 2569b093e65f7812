import re
from pathlib import Path

import msgspec
import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.overview.session_summary import (
    ParticipantBrief,
    SessionQuality,
    SessionSummary,
)
from aftercall.store.sessions.stored_summary import decode_summary, encode_summary

DUMP = Path(__file__).parents[1] / "migrations" / "0005-sqlite.sql"

QUALITY = SessionQuality(
    fold_version=4,
    is_final=True,
    level=3,
    mos_audio=4.2,
    mos_video=None,
    measured_participants=1,
    bad_participants=0,
    is_bad=False,
    shares=[(0, 0, 1, 2)],
    shares_from_at=EpochMs(1_795_262_400_000),
    shares_bucket_ms=10_000,
)
SUMMARY = SessionSummary(
    participants=[ParticipantBrief(id="p", name="Ada", person="q", level=3)],
    quality=QUALITY,
    browsers=["Chrome"],
)


def _stored_before() -> list[str]:
    """The summaries in the dump of the previous release."""
    return re.findall(r"'(\{\"participants\":.*?\})','\{\"created_at\"", DUMP.read_text())


@pytest.mark.parametrize("summary", [SUMMARY, SessionSummary()])
def test_a_summary_comes_back_as_it_was_stored(summary: SessionSummary) -> None:
    assert decode_summary(encode_summary(summary)) == summary


def test_documents_of_the_previous_release_are_read_and_written_the_same() -> None:
    documents = _stored_before()
    assert documents
    for document in documents:
        summary = decode_summary(document)
        assert encode_summary(summary) == document
        if summary.quality is not None:
            assert summary.quality.shares_bucket_ms > 0


def test_a_document_without_the_start_of_its_sparkline_is_refused() -> None:
    document = encode_summary(SUMMARY).replace("strip_from_at", "shares_from_at")
    with pytest.raises(msgspec.ValidationError):
        decode_summary(document)
