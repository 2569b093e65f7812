"""BigBlueButton's end callback: a GET without a signature, to an address that holds a key.

The key is one of the app's source `bigbluebutton-end`, never the shared secret of the server, for
addresses are written to logs on the way. Whoever has it can end the live sessions of the app's
meetings, nothing else.
"""

import hmac
import re
from typing import Final
from urllib.parse import unquote

from aftercall.core.errors import Unauthenticated
from aftercall.ingest.bigbluebutton.end_callback import translate_end
from aftercall.ingest.bigbluebutton.place import SOURCE
from aftercall.service.accounts.source_keys import Signer
from aftercall.service.recording.delivery import Delivery
from aftercall.service.services import Services
from aftercall.web.http.dependencies import parse_query
from aftercall.web.intake.answers import Recorded

KEYS: Final = "bigbluebutton-end"
"""The name under which its keys are stored."""

PATH_TEMPLATE: Final = "/v1/apps/{app_id}/sources/bigbluebutton/ended/{key}"
"""What the log calls the address, without its key."""

_PATH: Final = re.compile(
    r"/v1/apps/([A-Za-z0-9_-]{1,64})/sources/bigbluebutton/ended/([^/]{8,512})"
)


class EndCallback:
    """Records ends of meetings."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def is_for(self, path: str) -> bool:
        return _PATH.fullmatch(path) is not None

    async def record(self, path: str, query_string: bytes) -> Recorded:
        """Record an end. Raises `Unauthenticated`, `Malformed` or `Busy`."""
        found = _PATH.fullmatch(path)
        assert found is not None
        app_id, services = found[1], self._services
        signer = await self._signer(app_id, unquote(found[2]))
        services.budgets.open_signed(app_id, SOURCE, signer.key_id)
        query = parse_query(query_string)
        received_at = services.clock()
        named = query.get("meetingID")
        closed = translate_end(app_id, named[-1] if named else None, received_at)
        outcomes = await services.write_queue.submit_in_parts(
            Delivery(
                app_id=app_id,
                source=SOURCE,
                received_at=received_at,
                events=[closed],
                size_bytes=len(query_string),
            )
        )
        return Recorded([], [0], outcomes)

    async def _signer(self, app_id: str, given: str) -> Signer:
        for key in await self._services.source_keys.secrets_of(app_id, KEYS):
            if hmac.compare_digest(given.encode(), key.secret.encode()):
                return key
        raise Unauthenticated("The address holds no key of this app", code="token_invalid")
