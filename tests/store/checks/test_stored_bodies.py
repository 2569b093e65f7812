"""The check whether stored samples can be decoded."""

import json
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
import zstandard
from sqlalchemy import select

from aftercall.core.instants import EpochMs
from aftercall.store import samples
from aftercall.store.checks.stored_bodies import UNREADABLE, check_segment, read_sample
from aftercall.store.codecs.sample_row import compress_all
from aftercall.store.engine.database import Database
from aftercall.store.samples import SampleRow
from aftercall.store.tables import schema
from tests.store.merging import merge

BODY: dict[str, Any] = {"connections": [], "n": 7}


def _row(sequence: int) -> SampleRow:
    body = json.dumps(BODY).encode()
    return SampleRow("a", "p", "s", sequence, EpochMs(sequence), EpochMs(sequence + 5), body)


@pytest.fixture
async def segment(db: Database) -> dict[str, Any]:
    """A segment as the store writes it, of the sequences 1, 2, 3 and 7."""
    async with db.write() as tx:
        await samples.append(tx, [_row(sequence) for sequence in (2, 7, 1, 3)])
    assert await merge(db, "a", "p") == 4
    async with db.read() as tx:
        row = (await tx.execute(select(schema.segments))).one()
    return dict(row._mapping)


def test_a_stored_sample_is_decoded_to_its_json() -> None:
    (stored,) = compress_all([json.dumps(BODY).encode()])
    assert read_sample(stored) == BODY


@pytest.mark.parametrize("stored", [b"", b"\1\2\3", zstandard.compress(b"{"), b"\x28\xb5\x2f\xfd"])
def test_a_corrupt_sample_is_unreadable(stored: bytes) -> None:
    with pytest.raises(UNREADABLE):
        read_sample(stored)


async def test_a_segment_with_the_samples_it_lists_is_valid(segment: dict[str, Any]) -> None:
    assert json.loads(segment["sequences"]) == [[1, 3], [7, 7]]
    check_segment(SimpleNamespace(**segment))


@pytest.mark.parametrize(
    "changed",
    [
        {"samples": 3},
        {"sequences": "[[1,3]]"},
        {"sequences": "[[1,3],[8,8]]"},
        {"sequences": "[[1,9007199254740991]]"},
        {"sequences": "none"},
        {"sequences": '{"1":3}'},
        {"body": b"\1\2\3"},
        {"body": zstandard.compress(msgspec.json.encode({"sequence": {}}))},
    ],
)
async def test_a_segment_without_the_samples_it_lists_is_unreadable(
    segment: dict[str, Any], changed: dict[str, Any]
) -> None:
    with pytest.raises(UNREADABLE):
        check_segment(SimpleNamespace(**segment | changed))
