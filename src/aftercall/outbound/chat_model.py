"""A language model behind an OpenAI-compatible `/chat/completions`.

Its address is the operator's, and goes by the rules of every other request that leaves: an address
that is not public has to be allowed.
"""

from typing import Annotated, Final

import msgspec

from aftercall.outbound.model_request import ModelFailed, ask_model
from aftercall.outbound.safe_sender import SafeSender

MOST_ANSWER_BYTES: Final = 1_048_576

_Count = Annotated[int, msgspec.Meta(ge=0, le=10**12)]


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """An answer of the model, and the tokens that its server counted; 0 if it did not."""

    text: str
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Message(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    message: _Message


class _Usage(msgspec.Struct):
    prompt_tokens: _Count = 0
    completion_tokens: _Count = 0


class _Answer(msgspec.Struct):
    choices: list[_Choice]
    usage: _Usage | None = None


class ChatModel:
    """One model of one server."""

    def __init__(
        self, sender: SafeSender, *, base_url: str, name: str, key: str, timeout_s: float
    ) -> None:
        self.name = name
        self._sender = sender
        self._url = f"{base_url.rstrip('/')}/chat/completions"
        self._key = key
        self._timeout_s = timeout_s

    async def complete(self, system: str, user: str, *, most_tokens: int) -> Completion:
        """The model's answer to a message, under these instructions. It has no tools. Raises
        `ModelFailed`."""
        request = {
            "model": self.name,
            "messages": [
                {"role": "system", "content": system},
                {"role": "user", "content": user},
            ],
            "max_tokens": most_tokens,
            "temperature": 0.2,
            "stream": False,
        }
        body = await ask_model(
            self._sender,
            self._url,
            key=self._key,
            content_type="application/json",
            body=msgspec.json.encode(request),
            timeout_s=self._timeout_s,
            most_bytes=MOST_ANSWER_BYTES,
        )
        return _read(body)


def _read(body: bytes) -> Completion:
    try:
        found = msgspec.json.decode(body, type=_Answer)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ModelFailed(
            "The model's server answered with no chat completion.",
            code="unreadable_answer",
            is_passing=True,
        ) from error
    text = found.choices[0].message.content if found.choices else None
    if not text or not text.strip():
        raise ModelFailed("The model answered nothing.", code="empty_answer", is_passing=True)
    usage = found.usage or _Usage()
    return Completion(
        text=text,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
    )
