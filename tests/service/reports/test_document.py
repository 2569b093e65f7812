import pytest

from aftercall.core.errors import Bug
from aftercall.core.quality.report.fold import fold
from aftercall.service.reports.document import pack, pack_details, unpack
from tests.core.quality.cast import Call


def test_what_is_packed_is_unpacked() -> None:
    call = Call(["ada", "bob"], minutes=2)
    folded = fold([call.facts("ada")], call.end_at)
    document = pack(folded.verdict, pack_details(folded.details))
    report = unpack(document)
    assert (report.verdict, report.details) == (folded.verdict, folded.details)
    assert len(document) < sum(len(bytes(rows)) for rows in folded.details.rows.values()) / 5


def test_what_is_not_asked_for_stays_packed() -> None:
    call = Call(["ada", "bob"], minutes=2)
    folded = fold([call.facts("ada")], call.end_at)
    document = pack(folded.verdict, pack_details(folded.details))
    report = unpack(document)
    assert {family: text.size for family, text in report.rows.items()} == {
        family: len(bytes(rows)) for family, rows in folded.details.rows.items()
    }
    assert not any("plain" in vars(text) for text in report.rows.values())
    assert all(text.deflated in document for text in report.rows.values())


def test_packing_details_keeps_nothing_plain() -> None:
    call = Call(["ada", "bob"], minutes=2)
    packed = pack_details(fold([call.facts("ada")], call.end_at).details)
    packed.unpacked()
    assert not any("plain" in vars(text) for text in packed.rows.values())


@pytest.mark.parametrize("document", [b"", b"\0\0\0\1x", b"\xff" * 40, b"\x02", b"\x02\0\0\0\2[]"])
def test_what_no_fold_wrote_is_a_bug(document: bytes) -> None:
    with pytest.raises(Bug) as bug:
        unpack(document)
    assert bug.value.code == "report_unreadable"


def test_a_document_cut_short_is_a_bug() -> None:
    call = Call(["ada", "bob"], minutes=1)
    folded = fold([call.facts("ada")], call.end_at)
    document = pack(folded.verdict, pack_details(folded.details))
    with pytest.raises(Bug):
        unpack(document[:-1])
