"""Records to rows and back."""

import pytest
from sqlalchemy import func, select

from aftercall.core import records
from aftercall.core.instants import EpochMs
from aftercall.core.records import Account, Meeting, MeetingStatus
from aftercall.store.engine.database import Database
from aftercall.store.engine.record_mapping import Shape, insert_new, upsert
from aftercall.store.tables import schema

TABLES = {
    records.Account: schema.accounts,
    records.App: schema.apps,
    records.ApiToken: schema.tokens,
    records.Meeting: schema.meetings,
    records.Member: schema.members,
    records.Session: schema.sessions,
    records.Participant: schema.participants,
    records.Peer: schema.peers,
    records.StoredPeerEvent: schema.notes,
    records.StoredReport: schema.reports,
    records.ChatMessage: schema.chat_messages,
    records.TranscriptLine: schema.transcript_lines,
    records.Summary: schema.summaries,
    records.Job: schema.jobs,
}

ACCOUNTS = Shape(Account, schema.accounts)


@pytest.mark.parametrize("record", TABLES)
def test_every_field_of_a_record_has_a_column(record: type[records.Record]) -> None:
    table = TABLES[record]
    derived = {"day", "ordinal"} if record is records.Session else set()
    names = {column.name for column in Shape(record, table).columns}
    assert names == {column.name for column in table.columns} - derived


def test_a_record_is_restored_from_its_row() -> None:
    shape = Shape(Meeting, schema.meetings)
    meeting = Meeting(
        app_id="a",
        id="m",
        title="Weekly",
        status=MeetingStatus.INACTIVE,
        keep_alive_s=60,
        settings={"a": [1, 2.5, None, {"b": True}]},
        created_at=EpochMs(1),
        updated_at=EpochMs(2),
    )
    row = shape.to_row(meeting)
    assert (row["status"], type(row["status"])) == ("INACTIVE", str)
    assert row["settings"] == '{"a":[1,2.5,null,{"b":true}]}'
    back = shape.from_row([*(row[column.name] for column in shape.columns), "more"])
    assert back == meeting


def account(id: str, name: str) -> Account:
    return Account(id=id, name=name, created_at=EpochMs(1))


async def test_of_two_records_with_one_key_the_last_is_written(db: Database) -> None:
    async with db.write() as tx:
        await upsert(tx, ACCOUNTS, [account("a", "1"), account("b", "2"), account("a", "3")])
        await upsert(tx, ACCOUNTS, [])
        names = select(schema.accounts.c.name).order_by(schema.accounts.c.id)
        assert (await tx.execute(names)).scalars().all() == ["3", "2"]


async def test_only_new_records_are_inserted_and_returned(db: Database) -> None:
    async with db.write() as tx:
        assert await insert_new(tx, ACCOUNTS, [account("a", "1")]) == {"a"}
        assert await insert_new(tx, ACCOUNTS, [account("a", "2"), account("b", "2")]) == {"b"}
        count = select(func.count()).where(schema.accounts.c.name == "2")
        assert (await tx.execute(count)).scalar_one() == 1
