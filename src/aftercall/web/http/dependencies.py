"""Dependencies that handlers get by name: the services, the tenant, the query."""

from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qs

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from aftercall.core.errors import Malformed, Refused
from aftercall.core.records import ReportShape, Role
from aftercall.service.accounts.read_links import ReadLink
from aftercall.service.accounts.tokens import Grant
from aftercall.service.audit import NOBODY, Act, Actor
from aftercall.service.services import Services
from aftercall.wire.query import Query


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """The app a request is about, once its caller was authorised for it."""

    account_id: str
    app_id: str
    report_shape: ReportShape = ReportShape.BOTH
    caller: Actor = NOBODY
    """Who asks, for the audit log."""
    role: Role = Role.READ
    is_of_account: bool = False
    """Whether the caller may act on every app of the account."""
    link: ReadLink | None = None
    """The read link that the caller reads its session with."""

    def check_admin(self) -> None:
        """Raises `Refused` unless the caller may do everything in the app."""
        if self.role is not Role.ADMIN:
            raise Refused("The token may only read", code="read_only_token")

    def check_talk(self) -> None:
        """Raises `Refused` for a read link without chat, transcript and summary."""
        if self.link is not None and not self.link.with_talk:
            raise Refused("The link was made without talk", code="read_link_limits")


ProvidedServices: TypeAlias = NamedDependency[SkipValidation[Services]]
"""As `services`."""

ProvidedTenant: TypeAlias = NamedDependency[SkipValidation[Tenant]]
"""As `tenant`: the app, once the caller was authorised for it."""

ProvidedGrant: TypeAlias = NamedDependency[SkipValidation[Grant]]
"""As `grant`: of a caller authorised for the account."""

ProvidedQuery: TypeAlias = NamedDependency[SkipValidation[Query]]
"""As `parameters`: the query's values, to be read with `wire.query`."""

PathId: TypeAlias = FromPath[str]
"""An id in the path; `wire.query.parse_path_id` checks its form."""

_MOST_PARAMETERS: Final = 100


def read_query(request: Request[Any, Any, Any]) -> Query:
    """The values of each query parameter of a request."""
    return parse_query(request.scope["query_string"])


def parse_query(query_string: bytes) -> Query:
    """The values of each parameter. Bytes that are not UTF-8 become U+FFFD. Raises `Malformed`
    for too many."""
    try:
        return parse_qs(
            query_string.decode("latin-1"),
            keep_blank_values=True,
            errors="replace",
            max_num_fields=_MOST_PARAMETERS,
        )
    except ValueError as error:
        raise Malformed(f"More than {_MOST_PARAMETERS} parameters", code="bad_query") from error


def note_read(services: Services, tenant: Tenant, act: Act, session_id: str) -> None:
    """Have the audit log note that talk of a session was read."""
    services.audit_log.note_read(tenant.caller, act, tenant.account_id, tenant.app_id, session_id)
