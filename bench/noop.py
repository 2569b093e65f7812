"""The least an ASGI application can do with a POST: read it, answer 202. The yardstick."""

from typing import Any

_ANSWER = b'{"success":true}'


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Read the body, answer 202."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"application/json"), (b"content-length", b"16")]
    await send({"type": "http.response.start", "status": 202, "headers": headers})
    await send({"type": "http.response.body", "body": _ANSWER})
