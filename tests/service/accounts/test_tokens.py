import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from time import process_time
from uuid import UUID

import jwt
import pytest
from msgspec.structs import replace

from aftercall.core.errors import NotFound, Refused, Unauthenticated
from aftercall.core.instants import MINUTE_MS, SECOND_MS, EpochMs
from aftercall.core.presets import view_type_of
from aftercall.core.records import Member, Role, ViewType
from aftercall.service.accounts.setup import Setup
from aftercall.service.accounts.tokens import (
    GRANT_LIFE_MS,
    Access,
    Grant,
    hash_token,
)
from aftercall.settings import Settings
from aftercall.store import apps
from aftercall.store.engine.database import Database
from tests.manual_clock import ManualClock
from tests.recorder_harness import NOON


def _ids() -> Callable[[], str]:
    numbers = count(1)
    return lambda: str(UUID(int=next(numbers)))


MEMBER = Member(
    app_id="app",
    meeting_id="meeting",
    id="member",
    name="Ada",
    picture="https://example.com/ada.png",
    custom_participant_id="ada@example.com",
    preset_name="webinar_presenter",
    token_generation=3,
    created_at=NOON,
    updated_at=NOON,
)


@dataclass
class TokenHarness:
    access: Access
    clock: ManualClock
    db: Database
    account_id: str
    app_id: str
    token: str

    async def grant(self) -> Grant:
        return await self.access.authenticate(self.token)


@pytest.fixture
async def harness(db: Database) -> TokenHarness:
    clock, new_id = ManualClock(), _ids()
    founded = await Setup(db=db, clock=clock, new_id=new_id).create_first_app(
        "Calls", for_whole_account=True
    )
    access = Access(db=db, clock=clock, new_id=new_id, settings=Settings(token_life_s=600))
    return TokenHarness(access, clock, db, founded.account_id, founded.app_id, founded.api_token)


async def test_a_token_grants_access_to_its_account(harness: TokenHarness) -> None:
    grant = await harness.grant()
    assert (grant.account_id, grant.app_id, grant.role) == (harness.account_id, None, Role.ADMIN)
    app = await harness.access.app_for(grant, harness.app_id, needs=Role.ADMIN)
    assert app.name == "Calls"


@pytest.mark.parametrize(
    ("secret", "code"),
    [
        (None, "token_missing"),
        ("", "token_missing"),
        ("ac_x", "token_invalid"),
        ("\ud800", "token_invalid"),
    ],
)
async def test_an_unknown_token_is_refused(
    harness: TokenHarness, secret: str | None, code: str
) -> None:
    with pytest.raises(Refused) as refused:
        await harness.access.authenticate(secret)
    assert refused.value.code == code
    assert isinstance(refused.value, Unauthenticated)


async def test_a_token_is_stored_only_as_its_hash(harness: TokenHarness) -> None:
    kept, stated = await harness.access.create_token(harness.account_id, name="backend")
    assert stated.startswith("ac_")
    assert kept.hash == hash_token(stated)
    [row] = [t for t in await harness.access.list_tokens(harness.account_id) if t.id == kept.id]
    assert stated not in repr(row)


async def test_every_token_is_unique(harness: TokenHarness) -> None:
    made = [await harness.access.create_token(harness.account_id, name="n") for _ in range(20)]
    assert len({stated for _, stated in made}) == 20


async def test_a_chosen_token_must_be_long(harness: TokenHarness) -> None:
    with pytest.raises(Refused, match="at least 32 characters"):
        await harness.access.create_token(harness.account_id, name="n", secret="password")
    chosen = "144c9defac04969c7bfad8efaa8ea194"
    await harness.access.create_token(harness.account_id, name="n", secret=chosen)
    assert (await harness.access.authenticate(chosen)).account_id == harness.account_id


async def test_a_token_for_an_unknown_account_or_app_is_not_created(harness: TokenHarness) -> None:
    with pytest.raises(NotFound):
        await harness.access.create_token("nobody", name="n")
    with pytest.raises(NotFound):
        await harness.access.create_token(harness.account_id, name="n", app_id="nothing")
    with pytest.raises(NotFound):
        await harness.access.create_app("nobody", "n")


async def test_a_revoked_token_is_refused_at_once_here_and_soon_on_other_nodes(
    harness: TokenHarness,
) -> None:
    kept, stated = await harness.access.create_token(harness.account_id, name="n")
    elsewhere = Access(db=harness.db, clock=harness.clock, new_id=_ids(), settings=Settings())
    await harness.access.authenticate(stated)
    await elsewhere.authenticate(stated)
    assert await harness.access.revoke_token(harness.account_id, kept.id)
    assert not await harness.access.revoke_token(harness.account_id, kept.id)
    with pytest.raises(Refused):
        await harness.access.authenticate(stated)
    assert (await elsewhere.authenticate(stated)).token_id == kept.id
    harness.clock.move(GRANT_LIFE_MS)
    with pytest.raises(Refused):
        await elsewhere.authenticate(stated)


async def test_another_accounts_token_cannot_be_revoked(harness: TokenHarness) -> None:
    kept, stated = await harness.access.create_token(harness.account_id, name="n")
    assert not await harness.access.revoke_token("other", kept.id)
    await harness.access.authenticate(stated)


async def test_the_last_use_of_a_token_is_recorded_at_intervals(harness: TokenHarness) -> None:
    async def last_used() -> EpochMs | None:
        async with harness.db.read() as tx:
            token = await apps.find_token_by_hash(tx, hash_token(harness.token))
        assert token is not None
        return token.last_used_at

    await harness.grant()
    assert await last_used() == NOON
    harness.clock.move(MINUTE_MS)
    await harness.grant()
    assert await last_used() == NOON
    harness.clock.move(10 * MINUTE_MS)
    await harness.grant()
    assert await last_used() == NOON + 11 * MINUTE_MS


async def test_a_token_of_one_app_does_not_grant_another(harness: TokenHarness) -> None:
    other = await harness.access.create_app(harness.account_id, "Other")
    _, stated = await harness.access.create_token(harness.account_id, name="n", app_id=other.id)
    grant = await harness.access.authenticate(stated)
    assert (await harness.access.app_for(grant, other.id, needs=Role.READ)).id == other.id
    with pytest.raises(Refused) as refused:
        await harness.access.app_for(grant, harness.app_id, needs=Role.READ)
    assert refused.value.code == "foreign_app"
    assert not isinstance(refused.value, Unauthenticated)


async def test_a_read_only_token_may_not_write(harness: TokenHarness) -> None:
    _, stated = await harness.access.create_token(harness.account_id, name="n", role=Role.READ)
    grant = await harness.access.authenticate(stated)
    await harness.access.app_for(grant, harness.app_id, needs=Role.READ)
    with pytest.raises(Refused, match="may only read"):
        await harness.access.app_for(grant, harness.app_id, needs=Role.ADMIN)


async def test_the_app_of_another_account_is_not_found(harness: TokenHarness) -> None:
    founding = Setup(db=harness.db, clock=harness.clock, new_id=_ids())
    foreign = await founding.create_first_app("Theirs", account_id="theirs", app_id="their-app")
    grant = await harness.grant()
    messages = set()
    for app_id in (foreign.app_id, "no-such-app"):
        with pytest.raises(NotFound) as missing:
            await harness.access.app_for(grant, app_id, needs=Role.READ)
        messages.add(missing.value.message.replace(app_id, "…"))
    assert len(messages) == 1
    with pytest.raises(Refused) as refused:
        harness.access.check_account(grant, "theirs", needs=Role.READ)
    assert refused.value.code == "foreign_account"


async def test_a_participant_token_carries_the_whole_identity(harness: TokenHarness) -> None:
    token, expires_at = await harness.access.issue_participant_token(MEMBER)
    assert token.startswith("eyJ")
    assert expires_at == NOON + 600 * SECOND_MS
    grant = await harness.access.verify_participant_token(token)
    assert (grant.app_id, grant.meeting_id, grant.member_id) == ("app", "meeting", "member")
    assert (grant.generation, grant.expires_at) == (3, expires_at)
    assert grant.identity.user_id == "member"
    assert grant.identity.display_name == "Ada"
    assert grant.identity.custom_participant_id == "ada@example.com"
    assert grant.identity.picture == "https://example.com/ada.png"
    assert grant.identity.preset_name == "webinar_presenter"
    assert grant.identity.view_type is ViewType.WEBINAR


async def test_a_participant_token_has_the_claims_of_realtimekits_client(
    harness: TokenHarness,
) -> None:
    token, _ = await harness.access.issue_participant_token(MEMBER)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["meetingId"] == "meeting"
    assert claims["orgId"] == "app"
    assert claims["participantId"] == "member"


async def test_an_expired_participant_token_is_refused_with_the_reason(
    harness: TokenHarness,
) -> None:
    token, _ = await harness.access.issue_participant_token(MEMBER)
    await harness.access.verify_participant_token(token)
    harness.clock.move(600 * SECOND_MS)
    for _ in range(2):
        with pytest.raises(Refused) as refused:
            await harness.access.verify_participant_token(token)
        assert refused.value.code == "token_expired"
        assert isinstance(refused.value, Unauthenticated)


async def test_every_node_signs_with_the_same_key(harness: TokenHarness) -> None:
    nodes = [
        Access(db=harness.db, clock=harness.clock, new_id=_ids(), settings=Settings())
        for _ in range(4)
    ]
    tokens = await asyncio.gather(*(node.issue_participant_token(MEMBER) for node in nodes))
    for node in nodes:
        for token, _ in tokens:
            assert (await node.verify_participant_token(token)).member_id == "member"


def _tampered(token: str) -> list[str]:
    head, payload, signature = token.split(".")
    claims = jwt.decode(token, options={"verify_signature": False})
    return [
        "",
        "eyJ",
        "\ud800",
        f"{head}.{payload}.",
        f"{head}.{payload[:-2]}.{signature}",
        jwt.encode(claims, "a key of somebody else, quite long enough", algorithm="HS256"),
        jwt.encode(claims, "", algorithm="none"),
    ]


async def test_a_forged_participant_token_is_refused(harness: TokenHarness) -> None:
    token, _ = await harness.access.issue_participant_token(MEMBER)
    for forged in _tampered(token):
        with pytest.raises(Refused) as refused:
            await harness.access.verify_participant_token(forged)
        assert refused.value.code == "token_invalid"


async def test_a_cached_token_is_verified_in_microseconds(harness: TokenHarness) -> None:
    token, _ = await harness.access.issue_participant_token(MEMBER)
    await harness.access.verify_participant_token(token)
    rounds = 2_000
    best = min([await _seconds(harness.access, token, rounds) for _ in range(5)])
    assert best / rounds < 5e-6


async def _seconds(access: Access, token: str, rounds: int) -> float:
    started = process_time()
    for _ in range(rounds):
        await access.verify_participant_token(token)
    return process_time() - started


@pytest.mark.parametrize(
    ("preset", "view"),
    [
        ("group_call_host", ViewType.GROUP_CALL),
        ("webinar_participant", ViewType.WEBINAR),
        ("Livestream_viewer", ViewType.LIVESTREAM),
        ("audio_room_speaker", ViewType.AUDIO_ROOM),
        ("chat_member", ViewType.CHAT),
        ("anything", ViewType.GROUP_CALL),
        ("", ViewType.GROUP_CALL),
    ],
)
def test_a_preset_name_gives_the_view_type(preset: str, view: ViewType) -> None:
    assert view_type_of(preset) is view


async def test_a_member_without_a_picture_has_none(harness: TokenHarness) -> None:
    token, _ = await harness.access.issue_participant_token(replace(MEMBER, picture=None))
    assert (await harness.access.verify_participant_token(token)).identity.picture is None
