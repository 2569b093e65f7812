import pytest

from aftercall.core.errors import Bug
from aftercall.core.quality.report import fold
from aftercall.service.documents import pack, pack_details, unpack
from tests.core.quality.cast import Call


def test_what_is_packed_is_unpacked() -> None:
    call = Call(["ada", "bob"], minutes=2)
    folded = fold([call.facts("ada")], call.end_at)
    document = pack(folded.verdict, pack_details(folded.details))
    report = unpack(document)
    assert (report.verdict, report.details) == (folded.verdict, folded.details)
    assert len(document) < sum(len(bytes(rows)) for rows in folded.details.rows.values()) / 5


@pytest.mark.parametrize("document", [b"", b"\0\0\0\1x", b"\xff" * 40])
def test_what_no_fold_wrote_is_a_bug(document: bytes) -> None:
    with pytest.raises(Bug) as bug:
        unpack(document)
    assert bug.value.code == "report_unreadable"
