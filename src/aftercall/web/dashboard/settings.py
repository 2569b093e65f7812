"""The operator's endpoints: apps, tokens, jobs, and the server's settings."""

from typing import Any, Final

from litestar import delete, get, post
from litestar.params import RawBody

from aftercall import __version__
from aftercall.core.errors import NotFound, Refused
from aftercall.core.instants import EpochMs
from aftercall.core.quality.report.fold import FOLD_VERSION
from aftercall.core.records import ApiToken, Job, Role
from aftercall.service.accounts.tokens import Grant
from aftercall.service.audit import Actor
from aftercall.service.sample_day import CALLS, SampleDay
from aftercall.service.services import Services
from aftercall.settings import about, public_values
from aftercall.web.http.dependencies import PathId, ProvidedGrant, ProvidedServices
from aftercall.web.openapi.operations import described
from aftercall.wire.bodies import parse_body
from aftercall.wire.dashboard.account import (
    JobLists,
    MadeToken,
    MyApp,
    MyApps,
    NewApp,
    NewToken,
    Revived,
    Revoked,
    SampleDayAnswer,
    ServerSettings,
    SettingRow,
    Token,
    Tokens,
    WaitingJob,
)
from aftercall.wire.envelope import Answer, encode_answer

TAG: Final = "Settings"


@get("/apps", opt=described(summary="List the caller's apps", tag=TAG, answer=MyApps))
async def list_my_apps(services: ProvidedServices, grant: ProvidedGrant) -> Answer[MyApps]:
    myself = await services.sign_ins.myself(grant)
    found = [MyApp(id=app.id, name=app.name, created_at=app.created_at) for app in myself.apps]
    return encode_answer(MyApps(apps=found), has_alias=False)


@post(
    "/apps",
    opt=described(
        summary="Create an app of the caller's account",
        tag=TAG,
        about="Needs a token of the account rather than of one app.",
        body=NewApp,
        answer=MyApp,
    ),
)
async def create_my_app(
    services: ProvidedServices, grant: ProvidedGrant, body: RawBody
) -> Answer[MyApp]:
    _check_covers(grant, None)
    app = await services.access.create_app(grant.account_id, parse_body(body, NewApp).name)
    made = MyApp(id=app.id, name=app.name, created_at=app.created_at)
    return encode_answer(made, has_alias=False)


@get(
    "/tokens",
    opt=described(summary="List the API tokens", tag=TAG, about="For admins.", answer=Tokens),
)
async def list_tokens(services: ProvidedServices, grant: ProvidedGrant) -> Answer[Tokens]:
    _check_admin(grant)
    found = [_token(token, grant) for token in await _visible_tokens(services, grant)]
    return encode_answer(Tokens(tokens=found), has_alias=False)


@post(
    "/tokens",
    opt=described(
        summary="Create an API token",
        tag=TAG,
        about="The secret is in this answer and nowhere else.",
        body=NewToken,
        answer=MadeToken,
    ),
)
async def create_token(
    services: ProvidedServices, grant: ProvidedGrant, body: RawBody
) -> Answer[MadeToken]:
    wanted = parse_body(body, NewToken)
    _check_covers(grant, wanted.app_id)
    token, secret = await services.access.create_token(
        grant.account_id,
        name=wanted.name,
        app_id=wanted.app_id,
        role=wanted.role,
        actor=Actor(grant.token_id),
    )
    return encode_answer(MadeToken(token=_token(token, grant), secret=secret), has_alias=False)


@delete(
    "/tokens/{token_id:str}",
    status_code=200,
    opt=described(
        summary="Revoke an API token",
        tag=TAG,
        about="Whoever signed in with it is signed out, here and on other nodes within seconds.",
        answer=Revoked,
    ),
)
async def revoke_token(
    services: ProvidedServices, grant: ProvidedGrant, token_id: PathId
) -> Answer[Revoked]:
    known = {token.id for token in await _visible_tokens(services, grant)}
    actor = Actor(grant.token_id)
    if token_id not in known or not await services.access.revoke_token(
        grant.account_id, token_id, actor=actor
    ):
        raise NotFound.of("token", token_id)
    services.sign_ins.forget()
    return encode_answer(Revoked(), has_alias=False)


@get(
    "/jobs",
    opt=described(
        summary="List the jobs of the caller's apps",
        tag=TAG,
        about="Those that wait or run, and those given up. For admins.",
        answer=JobLists,
    ),
)
async def list_jobs(services: ProvidedServices, grant: ProvidedGrant) -> Answer[JobLists]:
    _check_admin(grant)
    app_ids = {app.id for app in (await services.sign_ins.myself(grant)).apps}
    now = services.clock()
    waiting = await services.jobs.list_waiting()
    dead = await services.jobs.list_dead()
    return encode_answer(
        JobLists(
            waiting=[_job(job, now) for job in waiting if _app_of(job) in app_ids],
            dead=[_job(job, now) for job in dead if _app_of(job) in app_ids],
        ),
        has_alias=False,
    )


@post(
    "/jobs/{job_id:str}/revive",
    status_code=200,
    opt=described(
        summary="Try a job again that was given up",
        tag=TAG,
        answer=Revived,
    ),
)
async def revive_job(
    services: ProvidedServices, grant: ProvidedGrant, job_id: PathId
) -> Answer[Revived]:
    app_ids = {app.id for app in (await services.sign_ins.myself(grant)).apps}
    dead = {job.id for job in await services.jobs.list_dead() if _app_of(job) in app_ids}
    if job_id not in dead or not await services.jobs.revive(job_id):
        raise NotFound(f"No job was given up with id {job_id}", code="job_not_found")
    return encode_answer(Revived(), has_alias=False)


@get(
    "/settings",
    opt=described(summary="Read how the server is set", tag=TAG, answer=ServerSettings),
)
async def get_settings(services: ProvidedServices, grant: ProvidedGrant) -> Answer[ServerSettings]:
    rows = [
        SettingRow(name=name, value=value, about=about(name))
        for name, value in public_values(services.settings).items()
    ]
    return encode_answer(
        ServerSettings(
            version=__version__,
            fold_version=FOLD_VERSION,
            database="PostgreSQL" if services.settings.database_url else "SQLite",
            privacy=services.settings.privacy,
            try_app_id=await _try_app_id(services, grant),
            settings=rows,
        ),
        has_alias=False,
    )


@get(
    "/sample-day",
    opt=described(
        summary="Get how far the sample day is",
        tag=TAG,
        about="For tokens of the account.",
        answer=SampleDayAnswer,
    ),
)
async def get_sample_day(
    services: ProvidedServices, grant: ProvidedGrant
) -> Answer[SampleDayAnswer]:
    _check_covers(grant, None)
    return encode_answer(
        _sample_day(await services.sample_days.find(grant.account_id)), has_alias=False
    )


@post(
    "/sample-day",
    opt=described(
        summary="Load a sample day",
        tag=TAG,
        about="A job plays simulated calls of two weeks into a new app called Sample day. Ask "
        "again to see how far it is. Needs a token of the account that may write, and refuses "
        "while there is such an app.",
        answer=SampleDayAnswer,
    ),
)
async def load_sample_day(
    services: ProvidedServices, grant: ProvidedGrant
) -> Answer[SampleDayAnswer]:
    _check_covers(grant, None)
    return encode_answer(
        _sample_day(await services.sample_days.request(grant.account_id)), has_alias=False
    )


async def _try_app_id(services: Services, grant: Grant) -> str | None:
    if not services.settings.try_page:
        return None
    own = {app.id for app in (await services.sign_ins.myself(grant)).apps}
    try:
        first = await services.setup.first_app_id()
    except NotFound:
        return None
    return first if first in own else None


def _sample_day(day: SampleDay) -> SampleDayAnswer:
    return SampleDayAnswer(
        state=day.state,
        app_id=day.app_id,
        calls_played=day.calls_played,
        calls_planned=CALLS,
        problem=day.problem,
    )


def _check_admin(grant: Grant) -> None:
    if grant.role is not Role.ADMIN:
        raise Refused("The token may only read", code="read_only_token")


def _check_covers(grant: Grant, app_id: str | None) -> None:
    """A caller of one app manages only that app."""
    if grant.app_id is not None and grant.app_id != app_id:
        raise Refused("The token is one of an app, not of the account", code="foreign_app")


async def _visible_tokens(services: Services, grant: Grant) -> list[ApiToken]:
    every = await services.access.list_tokens(grant.account_id)
    return [token for token in every if grant.app_id is None or token.app_id == grant.app_id]


def _token(token: ApiToken, grant: Grant) -> Token:
    return Token(
        id=token.id,
        name=token.name,
        role=token.role,
        app_id=token.app_id,
        created_at=token.created_at,
        last_used_at=token.last_used_at,
        revoked_at=token.revoked_at,
        is_mine=token.id == grant.token_id,
    )


def _app_of(job: Job) -> Any:
    return job.payload.get("app_id")


def _job(job: Job, now: EpochMs) -> WaitingJob:
    return WaitingJob(
        id=job.id,
        task=job.task,
        app_id=job.payload.get("app_id"),
        session_id=job.payload.get("session_id"),
        created_at=job.created_at,
        due_at=job.due_at,
        attempts=job.attempts,
        last_error=job.last_error,
        dead_at=job.dead_at,
        is_running=job.lease_until is not None and job.lease_until > now,
    )


handlers = (
    list_my_apps,
    create_my_app,
    list_tokens,
    create_token,
    revoke_token,
    list_jobs,
    revive_job,
    get_settings,
    get_sample_day,
    load_sample_day,
)
