"""Receipts lie in a file beside the database."""

from pathlib import Path

from msgspec.structs import replace

from aftercall.core.instants import EpochMs
from aftercall.core.privacy_records import Erasure, ErasureState
from aftercall.service.privacy.receipts import FILE_NAME, Line, ReceiptFile


def receipt(id: str, at: int) -> Erasure:
    return Erasure(
        app_id="app", id=id, requested_at=EpochMs(at), requested_by="cli", hashes=["ab12"]
    )


def test_the_last_line_of_each_receipt_counts_in_the_order_of_requests(tmp_path: Path) -> None:
    file = ReceiptFile(tmp_path / "data")
    later, earlier = receipt("later", 2), receipt("earlier", 1)
    done = replace(later, state=ErasureState.DONE)
    for each in (later, earlier, done):
        file.append("key", each)
    assert file.read() == [Line(key="key", receipt=earlier), Line(key="key", receipt=done)]


def test_receipts_of_another_file_go_into_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    ReceiptFile(tmp_path).append("key", receipt("one", 1))
    file = ReceiptFile(tmp_path / "elsewhere" / "data")
    file.adopt(tmp_path / FILE_NAME)
    assert [line.receipt.id for line in file.read()] == ["one"]


def test_a_line_that_was_cut_off_is_passed_over(tmp_path: Path) -> None:
    file = ReceiptFile(tmp_path)
    file.append("key", receipt("one", 1))
    path = tmp_path / FILE_NAME
    path.write_bytes(path.read_bytes() + b'{"key": "k')
    assert [line.receipt.id for line in file.read()] == ["one"]


def test_only_the_owner_may_read_the_file(tmp_path: Path) -> None:
    ReceiptFile(tmp_path).append("key", receipt("one", 1))
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o077 == 0


def test_there_is_no_receipt_without_a_file(tmp_path: Path) -> None:
    assert ReceiptFile(tmp_path).read() == []
