"""Who is signed in, and what an operator looks after: apps, tokens, jobs, settings."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from aftercall.core.instants import EpochMs
from aftercall.core.records import Role

Name = Annotated[str, Meta(min_length=1, max_length=200)]


class SignInBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Either an API token, or the code of a link."""

    token: str | None = None
    link: str | None = None


class MyApp(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str
    created_at: EpochMs


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """The caller. `csrf` and `expires_at` are those of a sign-in by cookie."""

    account_id: str
    account_name: str
    role: Role
    app_id: str | None
    apps: list[MyApp]
    csrf: str | None
    expires_at: EpochMs | None
    version: str
    now: EpochMs


class SignedOut(msgspec.Struct, frozen=True, kw_only=True):
    signed_out: bool = True


class MyApps(msgspec.Struct, frozen=True, kw_only=True):
    apps: list[MyApp]


class NewApp(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Name


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """An API token, without its secret. `app_id` `None`: every app of the account; `is_mine`:
    the one with which the caller asks."""

    id: str
    name: str
    role: Role
    app_id: str | None
    created_at: EpochMs
    last_used_at: EpochMs | None
    revoked_at: EpochMs | None
    is_mine: bool


class Tokens(msgspec.Struct, frozen=True, kw_only=True):
    tokens: list[Token]


class NewToken(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Name
    role: Role = Role.READ
    app_id: str | None = None


class MadeToken(msgspec.Struct, frozen=True, kw_only=True):
    """A new token; `secret` is shown only in this answer and stored nowhere."""

    token: Token
    secret: str


class Revoked(msgspec.Struct, frozen=True, kw_only=True):
    revoked: bool = True


class WaitingJob(msgspec.Struct, frozen=True, kw_only=True):
    """A consequence still to be carried out, or given up (`dead_at`)."""

    id: str
    task: str
    app_id: str | None
    session_id: str | None
    created_at: EpochMs
    due_at: EpochMs
    attempts: int
    last_error: str | None
    dead_at: EpochMs | None
    is_running: bool


class JobLists(msgspec.Struct, frozen=True, kw_only=True):
    waiting: list[WaitingJob]
    dead: list[WaitingJob]


class Revived(msgspec.Struct, frozen=True, kw_only=True):
    revived: bool = True


class SampleDayAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """How far the account's sample day is: `none` before it is requested. `problem` says why the
    last attempt failed; while the state is `running` another one follows by itself."""

    state: Literal["none", "running", "failed", "done"]
    app_id: str | None
    calls_played: int
    calls_planned: int
    problem: str | None


class SettingRow(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    value: str | int | bool
    about: str


class ServerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the server is set. Addresses of databases are left out. `try_app_id`: the app whose
    records the calls of `/try` are; `None` if it is switched off, or not one of the caller's."""

    version: str
    fold_version: int
    database: Literal["SQLite", "PostgreSQL"]
    privacy: str
    try_app_id: str | None
    settings: list[SettingRow]
    docs_path: str = "/docs"
    metrics_path: str = "/metrics"
