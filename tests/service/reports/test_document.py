import pytest
from msgspec.structs import replace

from aftercall.core.errors import Bug
from aftercall.core.quality.report.fold import fold
from aftercall.service.reports.document import (
    completed,
    fold_in,
    pack,
    pack_details,
    pack_ends,
    pack_provisional,
    pack_verdict,
    unpack,
)
from tests.core.quality.synthetic_call import Call


def test_a_packed_document_is_unpacked_unchanged() -> None:
    call = Call(["ada", "bob"], minutes=2)
    folded = fold([call.facts("ada")], call.end_at)
    document = pack(folded.verdict, pack_details(folded.details))
    report = unpack(document)
    assert (report.verdict, report.details) == (folded.verdict, folded.details)
    assert len(document) < sum(len(bytes(rows)) for rows in folded.details.rows.values()) / 5


def test_details_that_are_not_requested_stay_packed() -> None:
    call = Call(["ada", "bob"], minutes=2)
    folded = fold([call.facts("ada")], call.end_at)
    document = pack(folded.verdict, pack_details(folded.details))
    report = unpack(document)
    assert {family: text.size for family, text in report.rows.items()} == {
        family: len(bytes(rows)) for family, rows in folded.details.rows.items()
    }
    assert not any("plain" in vars(text) for text in report.rows.values())
    assert all(text.deflated in document for text in report.rows.values())


def test_packed_details_hold_no_plain_rows() -> None:
    call = Call(["ada", "bob"], minutes=2)
    packed = pack_details(fold([call.facts("ada")], call.end_at).details)
    assert not any("plain" in vars(text) for text in packed.rows.values())


def test_a_provisional_document_is_not_final() -> None:
    call = Call(["ada", "bob"], minutes=2)
    folded = fold([call.facts("ada")], call.end_at)
    document = pack_provisional(folded.verdict, pack_details(folded.details), b"state")
    report = unpack(document)
    assert report.verdict == replace(folded.verdict, is_final=False)
    assert (report.details, report.ends) == (folded.details, None)
    assert fold_in(document) == b"state"


def test_a_completed_document_equals_one_packed_at_once() -> None:
    call = Call(["ada", "bob"], minutes=2)
    folded = fold([call.facts("ada")], call.end_at)
    details = pack_details(folded.details)
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
    call = Call(["ada", "bob"], minutes=1)
    folded = fold([call.facts("ada")], call.end_at)
    document = pack(folded.verdict, pack_details(folded.details))
    with pytest.raises(Bug):
        unpack(document[:-1])
