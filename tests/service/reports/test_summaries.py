"""Summaries from the request to the text, on both engines."""

import asyncio
from collections.abc import Sequence

import pytest

from aftercall.core.errors import Busy, InvalidBody, Malformed, NotFound, Refused
from aftercall.core.instants import EpochMs
from aftercall.core.records import (
    Job,
    Meeting,
    MeetingStatus,
    Summary,
    SummaryState,
    TranscriptLine,
)
from aftercall.core.summary.layout import SummaryOptions
from aftercall.service.recording.follow_ups import SUMMARISE
from aftercall.service.reports.summaries import MadeSummary, Summaries, Summariser, extract
from aftercall.store import chat_transcript, jobs, meetings
from aftercall.store.engine.database import Database
from tests.recorder_harness import APP, RecorderHarness, at, join_session, transcript_line


@pytest.fixture
async def harness(db: Database) -> RecorderHarness:
    """A call that has ended, with a transcript."""
    harness = RecorderHarness(db)
    await harness.record_call()
    await harness.record_accepted(
        transcript_line("We decided to move the release to October.", 30),
        transcript_line("I'll send the contract to legal tomorrow.", 40, user="ben"),
    )
    return harness


def _summaries(harness: RecorderHarness, summariser: Summariser = extract) -> Summaries:
    def options_of(settings: object) -> SummaryOptions:
        return SummaryOptions(is_markdown=settings == {"wants": "markdown"})

    return Summaries(
        db=harness.db, clock=harness.clock, options_of=options_of, summariser=summariser
    )


async def _summary(harness: RecorderHarness) -> Summary:
    async with harness.db.read() as tx:
        summary = await chat_transcript.find_summary(tx, APP, "call")
    assert summary is not None
    return summary


async def _jobs(harness: RecorderHarness) -> list[Job]:
    async with harness.db.read() as tx:
        return [job for job in await jobs.list_jobs(tx) if job.task == SUMMARISE]


async def test_a_request_creates_a_pending_summary_and_a_job(harness: RecorderHarness) -> None:
    summary = await _summaries(harness).request(APP, "call")
    assert summary.state is SummaryState.PENDING
    assert await _summary(harness) == summary
    [job] = await _jobs(harness)
    assert job.payload == {"app_id": APP, "session_id": "call"}


async def test_the_job_writes_the_text(harness: RecorderHarness) -> None:
    summaries = _summaries(harness)
    await summaries.request(APP, "call")
    harness.advance(5)
    await summaries.carry_out(APP, "call")
    made = await _summary(harness)
    assert (made.state, made.completed_at, made.error) == (
        SummaryState.COMPLETED,
        harness.clock(),
        None,
    )
    assert made.text is not None
    assert "- Ana: We decided to move the release to October. (0:30)" in made.text


async def test_the_job_follows_the_summary_settings_of_the_meeting(
    harness: RecorderHarness,
) -> None:
    async with harness.db.write() as tx:
        await meetings.save_meeting(
            tx,
            Meeting(
                app_id=APP,
                id="m-call",
                title="",
                status=MeetingStatus.ACTIVE,
                keep_alive_s=60,
                settings={"wants": "markdown"},
                created_at=at(0),
                updated_at=at(0),
            ),
        )
    summaries = _summaries(harness)
    await summaries.request(APP, "call")
    await summaries.carry_out(APP, "call")
    made = await _summary(harness)
    assert made.is_markdown
    assert "## Decisions" in (made.text or "")


async def test_a_request_while_one_is_pending_starts_no_other(harness: RecorderHarness) -> None:
    summaries = _summaries(harness)
    first = await summaries.request(APP, "call")
    harness.advance(1)
    assert await summaries.request(APP, "call") == first
    assert len(await _jobs(harness)) == 1


async def test_concurrent_requests_start_one_job(harness: RecorderHarness) -> None:
    summaries = _summaries(harness)
    answers = await asyncio.gather(*(summaries.request(APP, "call") for _ in range(8)))
    assert len({answer.requested_at for answer in answers}) == 1
    assert len(await _jobs(harness)) == 1


async def test_a_later_request_renews_the_summary_and_keeps_the_old_text_meanwhile(
    harness: RecorderHarness,
) -> None:
    summaries = _summaries(harness)
    await summaries.request(APP, "call")
    await summaries.carry_out(APP, "call")
    old = await _summary(harness)
    again = await summaries.request(APP, "call")
    assert (again.state, again.text) == (SummaryState.PENDING, old.text)
    assert len(await _jobs(harness)) == 2
    await summaries.carry_out(APP, "call")
    assert (await _summary(harness)).state is SummaryState.COMPLETED


async def test_running_the_job_twice_changes_nothing(harness: RecorderHarness) -> None:
    summaries = _summaries(harness)
    await summaries.request(APP, "call")
    await summaries.carry_out(APP, "call")
    made = await _summary(harness)
    harness.advance(60)
    await summaries.carry_out(APP, "call")
    await summaries.carry_out(APP, "nothing")
    assert await _summary(harness) == made


async def test_a_live_session_is_refused_with_the_reason(db: Database) -> None:
    harness = RecorderHarness(db)
    await harness.record_accepted(join_session("call-ana", 0, user="ana"))
    with pytest.raises(Malformed, match="LIVE") as refusal:
        await _summaries(harness).request(APP, "call")
    assert refusal.value.code == "session_live"
    assert not isinstance(refusal.value, InvalidBody)


async def test_a_session_without_a_transcript_is_refused_with_the_reason(db: Database) -> None:
    harness = RecorderHarness(db)
    await harness.record_call()
    with pytest.raises(Malformed, match="no transcript") as refusal:
        await _summaries(harness).request(APP, "call")
    assert refusal.value.code == "no_transcript"


async def test_an_unknown_session_is_not_found(harness: RecorderHarness) -> None:
    with pytest.raises(NotFound):
        await _summaries(harness).request(APP, "nothing")
    with pytest.raises(NotFound):
        await _summaries(harness).request("another app", "call")


async def _broken(
    lines: Sequence[TranscriptLine], options: SummaryOptions, started_at: EpochMs
) -> MadeSummary:
    raise ValueError("secret of the model's")


async def _unwilling(
    lines: Sequence[TranscriptLine], options: SummaryOptions, started_at: EpochMs
) -> MadeSummary:
    raise Refused("the model is asleep")


async def _engaged(
    lines: Sequence[TranscriptLine], options: SummaryOptions, started_at: EpochMs
) -> MadeSummary:
    raise Busy("come later")


@pytest.mark.parametrize(
    ("summariser", "stated"), [(_broken, "ValueError"), (_unwilling, "the model is asleep")]
)
async def test_an_error_of_the_summariser_fails_the_summary(
    harness: RecorderHarness, summariser: Summariser, stated: str
) -> None:
    summaries = _summaries(harness, summariser)
    await summaries.request(APP, "call")
    await summaries.carry_out(APP, "call")
    failed = await _summary(harness)
    assert (failed.state, failed.error) == (SummaryState.FAILED, stated)
    again = await _summaries(harness).request(APP, "call")
    assert again.state is SummaryState.PENDING
    await _summaries(harness).carry_out(APP, "call")
    assert (await _summary(harness)).error is None


async def test_a_busy_summariser_is_retried(harness: RecorderHarness) -> None:
    summaries = _summaries(harness, _engaged)
    await summaries.request(APP, "call")
    with pytest.raises(Busy):
        await summaries.carry_out(APP, "call")
    assert (await _summary(harness)).state is SummaryState.IN_PROGRESS
    await _summaries(harness).carry_out(APP, "call")
    assert (await _summary(harness)).state is SummaryState.COMPLETED


async def test_a_summary_of_a_dead_job_has_failed(harness: RecorderHarness) -> None:
    summaries = _summaries(harness, _engaged)
    await summaries.request(APP, "call")
    await summaries.give_up(APP, "call", "it never answered")
    failed = await _summary(harness)
    assert (failed.state, failed.error) == (SummaryState.FAILED, "it never answered")
    await summaries.give_up(APP, "nothing", "it never answered")
