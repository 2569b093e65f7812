"""The REST side as one application: which operation lives where.

The operations of an app are mounted three times: where Cloudflare has them, without its
`/client/v4`, and below `/v2` with the app named by HTTP Basic, as the product's forerunner had
them.
"""

from typing import Any, Final

from litestar import Litestar, Router
from litestar.di import Provide
from litestar.plugins import PluginProtocol
from litestar.plugins.core import MsgspecDIPlugin
from litestar.types import ASGIApp, ControllerRouterHandler

from aftercall.service.services import Services
from aftercall.web import downloads, health
from aftercall.web.dashboard import (
    alert_rules,
    alerts,
    attendance,
    imports,
    live_updates,
    overview,
    people,
    privacy,
    read_links,
    retention,
    settings,
    sign_in,
    source_keys,
    transcriptions,
    transcripts,
    usage,
)
from aftercall.web.dashboard import (
    sessions as dashboard_sessions,
)
from aftercall.web.dashboard import (
    webhooks as dashboard_webhooks,
)
from aftercall.web.http.access_log import AccessLog, HttpMetrics
from aftercall.web.http.auth import (
    grant_of_account,
    grant_of_caller,
    tenant_of_app,
    tenant_of_credentials,
    tenant_of_path,
)
from aftercall.web.http.dependencies import read_query
from aftercall.web.http.disconnects import CancelOnDisconnect
from aftercall.web.http.errors import handle_error
from aftercall.web.http.rest_rate_limit import TokenLimits
from aftercall.web.openapi import docs_page
from aftercall.web.openapi.document import write_document
from aftercall.web.openapi.operations import check_parameters
from aftercall.web.realtimekit import (
    active_session,
    analytics,
    apps,
    call_control,
    livestreams,
    meetings,
    participants,
    presets,
    recordings,
    sessions,
    webhooks,
)

DOCUMENTED: Final = "/client/v4"
LARGEST_BODY: Final = 262_144
"""Of a REST request, in bytes; the intake has its own."""

APP_HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (
    *meetings.handlers,
    *participants.handlers,
    *presets.handlers,
    *webhooks.handlers,
    *active_session.handlers,
    *sessions.handlers,
    *analytics.handlers,
    *recordings.handlers,
    *livestreams.handlers,
    *call_control.handlers,
)
"""Operations of one app, with paths below `/{app_id}`."""

OWN: Final = "/v1"
"""The prefix of endpoints that only Aftercall has: those of its dashboard."""

OWN_APP_HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (
    *dashboard_sessions.handlers,
    *people.handlers,
    *attendance.handlers,
    *overview.handlers,
    *usage.handlers,
    *retention.handlers,
    *live_updates.handlers,
    *privacy.handlers,
    *read_links.handlers,
    *source_keys.handlers,
    *imports.handlers,
    *transcripts.handlers,
    *transcriptions.handlers,
    *dashboard_webhooks.handlers,
    *alert_rules.handlers,
    *alerts.handlers,
)

_KIT: Final = "/accounts/{account_id:str}/realtime/kit"


def _mounts() -> list[Router]:
    of_account = {"grant": Provide(grant_of_account)}
    of_path = {"tenant": Provide(tenant_of_path)}
    of_credentials = {"tenant": Provide(tenant_of_credentials)}
    routers = [Router("/v2", route_handlers=APP_HANDLERS, dependencies=of_credentials)]
    for prefix in (DOCUMENTED, ""):
        kit = prefix + _KIT
        routers += [
            Router(kit, route_handlers=apps.handlers, dependencies=of_account),
            Router(kit + "/{app_id:str}", route_handlers=APP_HANDLERS, dependencies=of_path),
        ]
    of_caller = {"grant": Provide(grant_of_caller)}
    of_app = {"tenant": Provide(tenant_of_app)}
    own = Router(
        OWN,
        route_handlers=[
            *sign_in.open_handlers,
            *read_links.open_handlers,
            Router(
                "/",
                route_handlers=(*sign_in.handlers, *settings.handlers),
                dependencies=of_caller,
            ),
            Router("/apps/{app_id:str}", route_handlers=OWN_APP_HANDLERS, dependencies=of_app),
        ],
        before_request=check_parameters,
    )
    return [*routers, own]


class _Framework(Litestar):
    """Litestar without its plugins for pydantic and attrs. It loads them if they are installed, as
    they are here because other packages need them; no handler uses them, and they take 13 MB."""

    @staticmethod
    def _get_default_plugins(plugins: list[PluginProtocol]) -> list[PluginProtocol]:
        return [*plugins, MsgspecDIPlugin()]


def create_litestar(services: Services, *extra: ControllerRouterHandler) -> Litestar:
    """The framework's application, without what `create_web_app` lays around it."""

    def give_services() -> Services:
        return services

    limits = TokenLimits(per_window=services.settings.rate_limit_per_5_min, clock=services.clock)

    def give_limits() -> TokenLimits:
        return limits

    app = _Framework(
        route_handlers=[
            *_mounts(),
            *health.handlers,
            *docs_page.handlers,
            *downloads.handlers,
            *webhooks.open_handlers,
            *extra,
        ],
        dependencies={
            "services": Provide(give_services, sync_to_thread=False),
            "limits": Provide(give_limits, sync_to_thread=False),
            "parameters": Provide(read_query, sync_to_thread=False),
        },
        exception_handlers={Exception: handle_error},
        openapi_config=None,
        logging_config=None,
        request_max_body_size=LARGEST_BODY,
    )
    app.state.document = write_document(app, below=(DOCUMENTED, OWN))
    return app


def create_web_app(services: Services, *extra: ControllerRouterHandler) -> ASGIApp:
    """The REST side, to be served. `extra` handlers (downloads, pages) are served as well."""
    app: Any = create_litestar(services, *extra)
    return AccessLog(
        CancelOnDisconnect(app), metrics=HttpMetrics(services.metrics), new_id=services.new_id
    )
