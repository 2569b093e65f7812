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
from aftercall.service.reports.summaries import Summaries, Summariser, extract
from aftercall.store import chat_transcript, jobs, meetings
from aftercall.store.engine.database import Database
from tests.service.call_cast import APP, Stage, at, join, say


@pytest.fixture
async def stage(db: Database) -> Stage:
    """A call that has ended, in which something was said."""
    stage = Stage(db)
    await stage.hold_call()
    await stage.tell(
        say("We decided to move the release to October.", 30),
        say("I'll send the contract to legal tomorrow.", 40, user="ben"),
    )
    return stage


def _summaries(stage: Stage, summariser: Summariser = extract) -> Summaries:
    def options_of(settings: object) -> SummaryOptions:
        return SummaryOptions(is_markdown=settings == {"wants": "markdown"})

    return Summaries(db=stage.db, clock=stage.clock, options_of=options_of, summariser=summariser)


async def _summary(stage: Stage) -> Summary:
    async with stage.db.read() as tx:
        summary = await chat_transcript.find_summary(tx, APP, "call")
    assert summary is not None
    return summary


async def _jobs(stage: Stage) -> list[Job]:
    async with stage.db.read() as tx:
        return [job for job in await jobs.list_jobs(tx) if job.task == SUMMARISE]


async def test_a_request_creates_a_pending_summary_and_a_job(stage: Stage) -> None:
    summary = await _summaries(stage).request(APP, "call")
    assert summary.state is SummaryState.PENDING
    assert await _summary(stage) == summary
    [job] = await _jobs(stage)
    assert job.payload == {"app_id": APP, "session_id": "call"}


async def test_the_job_writes_the_text(stage: Stage) -> None:
    summaries = _summaries(stage)
    await summaries.request(APP, "call")
    stage.second += 5
    await summaries.carry_out(APP, "call")
    made = await _summary(stage)
    assert (made.state, made.completed_at, made.error) == (
        SummaryState.COMPLETED,
        stage.clock(),
        None,
    )
    assert made.text is not None
    assert "- Ana: We decided to move the release to October. (0:30)" in made.text


async def test_the_job_follows_the_summary_settings_of_the_meeting(stage: Stage) -> None:
    async with stage.db.write() as tx:
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
    summaries = _summaries(stage)
    await summaries.request(APP, "call")
    await summaries.carry_out(APP, "call")
    made = await _summary(stage)
    assert made.is_markdown
    assert "## Decisions" in (made.text or "")


async def test_a_request_while_one_is_pending_starts_no_other(stage: Stage) -> None:
    summaries = _summaries(stage)
    first = await summaries.request(APP, "call")
    stage.second += 1
    assert await summaries.request(APP, "call") == first
    assert len(await _jobs(stage)) == 1


async def test_concurrent_requests_start_one_job(stage: Stage) -> None:
    summaries = _summaries(stage)
    answers = await asyncio.gather(*(summaries.request(APP, "call") for _ in range(8)))
    assert len({answer.requested_at for answer in answers}) == 1
    assert len(await _jobs(stage)) == 1


async def test_a_later_request_renews_the_summary_and_keeps_the_old_text_meanwhile(
    stage: Stage,
) -> None:
    summaries = _summaries(stage)
    await summaries.request(APP, "call")
    await summaries.carry_out(APP, "call")
    old = await _summary(stage)
    again = await summaries.request(APP, "call")
    assert (again.state, again.text) == (SummaryState.PENDING, old.text)
    assert len(await _jobs(stage)) == 2
    await summaries.carry_out(APP, "call")
    assert (await _summary(stage)).state is SummaryState.COMPLETED


async def test_running_the_job_twice_changes_nothing(stage: Stage) -> None:
    summaries = _summaries(stage)
    await summaries.request(APP, "call")
    await summaries.carry_out(APP, "call")
    made = await _summary(stage)
    stage.second += 60
    await summaries.carry_out(APP, "call")
    await summaries.carry_out(APP, "nothing")
    assert await _summary(stage) == made


async def test_a_live_session_is_refused_with_the_reason(db: Database) -> None:
    stage = Stage(db)
    await stage.tell(join("call-ana", 0, user="ana"))
    with pytest.raises(Malformed, match="LIVE") as refusal:
        await _summaries(stage).request(APP, "call")
    assert refusal.value.code == "session_live"
    assert not isinstance(refusal.value, InvalidBody)


async def test_a_session_without_a_transcript_is_refused_with_the_reason(db: Database) -> None:
    stage = Stage(db)
    await stage.hold_call()
    with pytest.raises(Malformed, match="no transcript") as refusal:
        await _summaries(stage).request(APP, "call")
    assert refusal.value.code == "no_transcript"


async def test_an_unknown_session_is_not_found(stage: Stage) -> None:
    with pytest.raises(NotFound):
        await _summaries(stage).request(APP, "nothing")
    with pytest.raises(NotFound):
        await _summaries(stage).request("another app", "call")


async def _broken(
    lines: Sequence[TranscriptLine], options: SummaryOptions, started_at: EpochMs
) -> str:
    raise ValueError("secret of the model's")


async def _unwilling(
    lines: Sequence[TranscriptLine], options: SummaryOptions, started_at: EpochMs
) -> str:
    raise Refused("the model is asleep")


async def _engaged(
    lines: Sequence[TranscriptLine], options: SummaryOptions, started_at: EpochMs
) -> str:
    raise Busy("come later")


@pytest.mark.parametrize(
    ("summariser", "stated"), [(_broken, "ValueError"), (_unwilling, "the model is asleep")]
)
async def test_an_error_of_the_summariser_fails_the_summary(
    stage: Stage, summariser: Summariser, stated: str
) -> None:
    summaries = _summaries(stage, summariser)
    await summaries.request(APP, "call")
    await summaries.carry_out(APP, "call")
    failed = await _summary(stage)
    assert (failed.state, failed.error) == (SummaryState.FAILED, stated)
    again = await _summaries(stage).request(APP, "call")
    assert again.state is SummaryState.PENDING
    await _summaries(stage).carry_out(APP, "call")
    assert (await _summary(stage)).error is None


async def test_a_busy_summariser_is_retried(stage: Stage) -> None:
    summaries = _summaries(stage, _engaged)
    await summaries.request(APP, "call")
    with pytest.raises(Busy):
        await summaries.carry_out(APP, "call")
    assert (await _summary(stage)).state is SummaryState.IN_PROGRESS
    await _summaries(stage).carry_out(APP, "call")
    assert (await _summary(stage)).state is SummaryState.COMPLETED


async def test_a_summary_of_a_dead_job_has_failed(stage: Stage) -> None:
    summaries = _summaries(stage, _engaged)
    await summaries.request(APP, "call")
    await summaries.give_up(APP, "call", "it never answered")
    failed = await _summary(stage)
    assert (failed.state, failed.error) == (SummaryState.FAILED, "it never answered")
    await summaries.give_up(APP, "nothing", "it never answered")
