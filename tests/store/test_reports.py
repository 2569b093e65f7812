"""Reports."""

from aftercall.core.instants import EpochMs
from aftercall.core.records import StoredReport
from aftercall.store import reports
from aftercall.store.engine.database import Database


def report(
    peer_id: str, version: int = 1, session_id: str = "s", app_id: str = "a"
) -> StoredReport:
    return StoredReport(
        app_id=app_id,
        session_id=session_id,
        peer_id=peer_id,
        fold_version=version,
        folded_at=EpochMs(5),
        document=b'{"mos":4.1}',
    )


async def test_a_report_is_loaded_as_last_saved(db: Database) -> None:
    async with db.write() as tx:
        await reports.save_reports(tx, [report("p"), report("q"), report("r", session_id="t")])
        await reports.save_reports(tx, [report("p", 2)])
        assert await reports.find_report(tx, "a", "p") == report("p", 2)
        assert await reports.find_report(tx, "b", "p") is None
        found = await reports.reports_of_session(tx, "a", "s")
        assert [one.peer_id for one in found] == ["p", "q"]


async def test_reports_of_an_older_fold_are_found_oldest_first(db: Database) -> None:
    async with db.write() as tx:
        await reports.save_reports(
            tx, [report("p", 2), report("q", 1), report("r", 3), report("z", 1, app_id="b")]
        )
        older = await reports.reports_of_older_fold(tx, 3, 10)
        assert [each[:3] for each in older] == [(1, "a", "q"), (1, "b", "z"), (2, "a", "p")]
        assert await reports.reports_of_older_fold(tx, 3, 1) == older[:1]
        assert await reports.reports_of_older_fold(tx, 3, 10, after=older[0]) == older[1:]
        assert await reports.reports_of_older_fold(tx, 1, 10) == []
