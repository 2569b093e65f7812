import msgspec
import pytest
import zstandard
from msgspec.structs import replace

from aftercall.core.errors import Bug
from aftercall.core.quality.report.fold import PeersFold, accumulate, fold_peers
from aftercall.service.reports.deflate import DeflatedJson
from aftercall.service.reports.document import (
    completed,
    document_without_addresses,
    fold_in,
    is_readable,
    pack,
    pack_details,
    pack_ends,
    pack_provisional,
    pack_verdict,
    unpack,
    with_verdict,
    without_addresses,
)
from tests.core.quality.synthetic_call import Call


def fold_ada(minutes: int = 2) -> PeersFold:
    call = Call(["ada", "bob"], minutes=minutes)
    return fold_peers([accumulate(call.facts("ada"))], call.end_at)


def test_a_packed_document_is_unpacked_unchanged() -> None:
    folded = fold_ada()
    document = pack(folded.verdict, pack_details(folded.columns()))
    report = unpack(document)
    assert (report.verdict, report.details) == (folded.verdict, folded.details())
    assert len(document) < sum(len(bytes(rows)) for rows in folded.details().rows.values()) / 5


def test_rows_that_are_not_requested_stay_packed() -> None:
    folded = fold_ada()
    report = unpack(pack(folded.verdict, pack_details(folded.columns())))
    assert not any(text.is_written for text in report.rows.values())
    assert {family: text.size for family, text in report.rows.items()} == {
        family: len(bytes(rows)) for family, rows in folded.details().rows.items()
    }


@pytest.fixture
def deflated_document() -> tuple[bytes, PeersFold]:
    """A document of format 2, which holds JSON: rows deflated, receptions as zstd."""
    folded = fold_ada()
    details = folded.details()
    verdict = pack_verdict(folded.verdict)
    receptions = zstandard.ZstdCompressor().compress(msgspec.json.encode(details.receptions))
    texts = {family: DeflatedJson(bytes(rows)) for family, rows in details.rows.items()}
    rows = [[family, len(text.deflated), text.size, text.crc32] for family, text in texts.items()]
    index = msgspec.json.encode([len(verdict), len(receptions), rows, 0])
    parts = [verdict, receptions, *(text.deflated for text in texts.values())]
    return b"".join([b"\x02", len(index).to_bytes(4, "big"), index, *parts]), folded


def test_a_document_with_deflated_rows_is_read(
    deflated_document: tuple[bytes, PeersFold],
) -> None:
    document, folded = deflated_document
    assert is_readable(document)
    report = unpack(document)
    assert (report.verdict, report.details) == (folded.verdict, folded.details())
    assert all(text.deflated in document for text in report.rows.values())


def test_a_document_with_deflated_rows_keeps_them_when_its_verdict_changes(
    deflated_document: tuple[bytes, PeersFold],
) -> None:
    document, folded = deflated_document
    ends = pack_ends({"audio_producer:1": []})
    provisional = replace(folded.verdict, is_final=False)
    for changed in (
        completed(document, pack_verdict(provisional), ends),
        with_verdict(document, provisional),
        document_without_addresses(document),
    ):
        assert unpack(changed).details == folded.details()
    assert without_addresses(unpack(document)).details == folded.details()


def test_a_damaged_row_is_a_bug() -> None:
    folded = fold_ada()
    document = bytearray(pack(folded.verdict, pack_details(folded.columns())))
    document[-6] ^= 1
    with pytest.raises(Bug) as bug:
        _ = unpack(bytes(document)).details
    assert bug.value.code == "report_unreadable"


def test_a_provisional_document_is_not_final() -> None:
    folded = fold_ada()
    document = pack_provisional(folded.verdict, pack_details(folded.columns()), b"state")
    report = unpack(document)
    assert report.verdict == replace(folded.verdict, is_final=False)
    assert (report.details, report.ends) == (folded.details(), None)
    assert fold_in(document) == b"state"


def test_a_completed_document_equals_one_packed_at_once() -> None:
    folded = fold_ada()
    details = pack_details(folded.columns())
    ends = pack_ends({"audio_producer:1": []})
    at_once = pack(folded.verdict, details, ends)
    provisional = pack_provisional(folded.verdict, details, b"state")
    assert completed(provisional, pack_verdict(folded.verdict), ends) == at_once
    assert completed(pack(folded.verdict, details), pack_verdict(folded.verdict), ends) == at_once
    assert fold_in(at_once) == b""


@pytest.mark.parametrize("document", [b"", b"\0\0\0\1x", b"\xff" * 40, b"\x02", b"\x02\0\0\0\2[]"])
def test_a_corrupt_document_is_a_bug(document: bytes) -> None:
    with pytest.raises(Bug) as bug:
        unpack(document)
    assert bug.value.code == "report_unreadable"


def test_a_truncated_document_is_a_bug() -> None:
    folded = fold_ada(1)
    document = pack(folded.verdict, pack_details(folded.columns()))
    with pytest.raises(Bug):
        unpack(document[:-1])
