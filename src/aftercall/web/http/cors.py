"""The origins whose pages may send to the intake, and the headers that they may read."""

from typing import Final

Headers = dict[bytes, bytes]

_EXPOSED: Final = (
    b"access-control-expose-headers",
    b"retry-after, ratelimit, ratelimit-policy, x-ratelimit-limit, x-ratelimit-remaining, "
    b"x-ratelimit-reset",
)
"""A page of another origin is not shown these otherwise, and would not know how long to wait."""


class Cors:
    """Which pages may send: the intake is meant to be called from other origins."""

    def __init__(self, allowed: str) -> None:
        self._origins = {origin.strip().encode() for origin in allowed.split(",") if origin.strip()}

    def answer(self, headers: Headers) -> list[tuple[bytes, bytes]]:
        origin = headers.get(b"origin")
        if origin is None:
            return []
        if b"*" in self._origins:
            return [(b"access-control-allow-origin", b"*"), _EXPOSED]
        if origin in self._origins:
            return [(b"access-control-allow-origin", origin), _EXPOSED, (b"vary", b"origin")]
        return [(b"vary", b"origin")]

    def preflight(self, headers: Headers) -> list[tuple[bytes, bytes]]:
        return [
            *self.answer(headers),
            (b"access-control-allow-methods", b"POST"),
            (b"access-control-allow-headers", b"authorization, content-type, content-encoding"),
            (b"access-control-max-age", b"86400"),
        ]
