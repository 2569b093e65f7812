"""The yardstick, a minimal ASGI application: read a POST and answer 202, or send N bytes from
memory (`GET /bytes/N`)."""

from typing import Any

_ANSWER = b'{"success":true}'
_MANY = memoryview(bytes(64 << 20))


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Read the body, answer."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    if scope["path"].startswith("/bytes/"):
        size = int(scope["path"].rpartition("/")[2])
        headers = [(b"content-length", str(size).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": _MANY[:size]})
        return
    headers = [(b"content-type", b"application/json"), (b"content-length", b"16")]
    await send({"type": "http.response.start", "status": 202, "headers": headers})
    await send({"type": "http.response.body", "body": _ANSWER})
