"""Download links: who gets one, and which file it opens."""

import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from aftercall.core.download_kinds import Export
from aftercall.core.errors import NotFound, Refused
from aftercall.core.instants import SECOND_MS
from aftercall.core.records import Summary, SummaryState
from aftercall.service.api.links import Links, Opened
from aftercall.settings import Settings
from aftercall.store import chat_transcript
from aftercall.store.engine.database import Database
from tests.recorder_harness import APP, RecorderHarness, at, join_session

DAY_S = 86_400


@pytest.fixture
def harness(db: Database) -> RecorderHarness:
    return RecorderHarness(db)


@pytest.fixture
async def ended(harness: RecorderHarness) -> RecorderHarness:
    await harness.record_call()
    return harness


def _links(harness: RecorderHarness, **changes: int) -> Links:
    settings = Settings(**changes)  # type: ignore[arg-type]  # settings by name
    return Links(db=harness.db, clock=harness.clock, settings=settings)


async def _open(links: Links, path: str) -> Opened:
    _, downloads, app_id, session_id, expires_at, signature, file = path.split("/")
    assert downloads == "downloads"
    return await links.open_link(
        app_id=app_id, session_id=session_id, expires_at=expires_at, signature=signature, file=file
    )


async def test_a_link_opens_the_file_it_was_created_for(ended: RecorderHarness) -> None:
    links = _links(ended)
    for export in (Export.TRANSCRIPT_CSV, Export.TRANSCRIPT_SRT):
        link = await links.link_transcript(APP, "call", export)
        opened = await _open(links, link.path)
        assert (opened.app_id, opened.session.id, opened.export) == (APP, "call", export)
        assert opened.expires_at == link.expires_at


async def test_a_link_created_on_one_node_opens_on_another(ended: RecorderHarness) -> None:
    link = await _links(ended).link_chat(APP, "call", Export.CHAT_CSV)
    assert (await _open(_links(ended), link.path)).export is Export.CHAT_CSV


async def test_a_link_expires_after_the_configured_time(ended: RecorderHarness) -> None:
    links = _links(ended, link_life_s=60)
    link = await links.link_chat(APP, "call", Export.CHAT_CSV)
    assert link.expires_at == ended.clock() + 60 * SECOND_MS
    ended.advance(59.999)
    await _open(links, link.path)
    ended.advance(0.001)
    with pytest.raises(Refused) as refusal:
        await _open(links, link.path)
    assert refusal.value.code == "link_expired"


async def test_a_link_expires_no_later_than_its_file(ended: RecorderHarness) -> None:
    links = _links(ended, transcript_retention_s=3 * DAY_S, link_life_s=7 * DAY_S)
    link = await links.link_transcript(APP, "call", Export.TRANSCRIPT_CSV)
    assert link.expires_at == at(600 + 3 * DAY_S)
    chat = await links.link_chat(APP, "call", Export.CHAT_CSV)
    assert chat.expires_at == at(600 + 7 * DAY_S)


async def test_a_transcript_can_be_retained_for_ever(ended: RecorderHarness) -> None:
    links = _links(ended, transcript_retention_s=0, link_life_s=DAY_S)
    ended.advance(1_000 * DAY_S)
    link = await links.link_transcript(APP, "call", Export.TRANSCRIPT_CSV)
    assert link.expires_at == ended.clock() + DAY_S * SECOND_MS


async def test_a_file_past_its_retention_is_not_found(ended: RecorderHarness) -> None:
    links = _links(ended, transcript_retention_s=DAY_S)
    ended.advance(DAY_S)
    with pytest.raises(NotFound) as refusal:
        await links.link_transcript(APP, "call", Export.TRANSCRIPT_CSV)
    assert refusal.value.code == "transcript_expired"


async def test_a_live_session_has_chat_but_no_transcript_yet(harness: RecorderHarness) -> None:
    await harness.record_accepted(join_session("call-ana", 0, user="ana"))
    links = _links(harness)
    await links.link_chat(APP, "call", Export.CHAT_CSV)
    with pytest.raises(NotFound, match="LIVE") as refusal:
        await links.link_transcript(APP, "call", Export.TRANSCRIPT_CSV)
    assert refusal.value.code == "session_live"
    with pytest.raises(NotFound, match="LIVE"):
        await links.link_summary(APP, "call")


async def test_another_apps_session_is_not_found(ended: RecorderHarness) -> None:
    links = _links(ended)
    with pytest.raises(NotFound):
        await links.link_chat("app-2", "call", Export.CHAT_CSV)
    with pytest.raises(NotFound):
        await links.link_transcript("app-2", "call", Export.TRANSCRIPT_CSV)
    with pytest.raises(NotFound):
        await links.link_summary("app-2", "call")


SUMMARY = Summary(app_id=APP, session_id="call", state=SummaryState.PENDING, requested_at=at(600))


@pytest.mark.parametrize(
    ("summary", "code"),
    [
        (None, "summary_not_found"),
        (SUMMARY, "summary_not_ready"),
        (replace(SUMMARY, state=SummaryState.IN_PROGRESS), "summary_not_ready"),
        (replace(SUMMARY, state=SummaryState.FAILED, error="no model"), "summary_failed"),
    ],
)
async def test_a_missing_summary_is_refused_with_the_reason(
    ended: RecorderHarness, summary: Summary | None, code: str
) -> None:
    if summary is not None:
        async with ended.db.write() as tx:
            await chat_transcript.save_summary(tx, summary)
    with pytest.raises(NotFound) as refusal:
        await _links(ended).link_summary(APP, "call")
    assert refusal.value.code == code


@pytest.mark.parametrize("state", [SummaryState.COMPLETED, SummaryState.PENDING])
async def test_a_summary_remains_available_while_the_next_is_made(
    ended: RecorderHarness, state: SummaryState
) -> None:
    for is_markdown, export in ((True, Export.SUMMARY_MARKDOWN), (False, Export.SUMMARY_TEXT)):
        async with ended.db.write() as tx:
            made = replace(SUMMARY, state=state, text="All well.", is_markdown=is_markdown)
            await chat_transcript.save_summary(tx, made)
        links = _links(ended)
        link = await links.link_summary(APP, "call")
        assert (await _open(links, link.path)).export is export


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (2, "app-2"),
        (3, "other"),
        (4, "9999999999999"),
        (4, "01795867200000"),
        (4, "soon"),
        (5, "A" * 43),
        (5, ""),
        (5, "é"),
        (6, "chat.json"),
        (6, "secrets.txt"),
    ],
)
async def test_a_link_with_any_part_changed_is_refused(
    ended: RecorderHarness, place: int, value: str
) -> None:
    links = _links(ended)
    parts = (await links.link_chat(APP, "call", Export.CHAT_CSV)).path.split("/")
    parts[place] = value
    with pytest.raises(Refused) as refusal:
        await _open(links, "/".join(parts))
    assert refusal.value.code == "link_invalid"


_PART = st.text(string.ascii_letters + string.digits + "-_.é\udc80", max_size=50)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(app=_PART, session=_PART, expires=_PART, signature=_PART, file=_PART)
async def test_a_forged_link_is_refused(
    ended: RecorderHarness, app: str, session: str, expires: str, signature: str, file: str
) -> None:
    with pytest.raises(Refused):
        await _links(ended).open_link(
            app_id=app, session_id=session, expires_at=expires, signature=signature, file=file
        )
