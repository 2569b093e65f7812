"""Dependencies that handlers get by name: the services, the tenant, the query."""

from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qs

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from aftercall.core.errors import Malformed
from aftercall.core.records import ReportShape
from aftercall.service.accounts.tokens import Grant
from aftercall.service.services import Services
from aftercall.wire.query import Query


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """The app a request is about, once its caller was authorised for it."""

    account_id: str
    app_id: str
    report_shape: ReportShape = ReportShape.BOTH


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
