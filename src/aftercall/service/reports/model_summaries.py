"""Summaries by a language model, and by the built-in summariser where the model fails."""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter

from aftercall.core.instants import EpochMs
from aftercall.core.records import TranscriptLine
from aftercall.core.summary.layout import SummaryOptions
from aftercall.core.summary.model_text import (
    ANSWER_TOKENS,
    SummaryMaker,
    ask_for_notes,
    ask_for_summary,
    keep_text,
    quote_lines,
    quote_notes,
    split_into_parts,
)
from aftercall.outbound.chat_model import ChatModel, Completion
from aftercall.outbound.model_request import ModelFailed, Sleep, ask_repeatedly
from aftercall.service.reports.summaries import MadeSummary, extract

TOTAL_S: Final = 900.0
"""How long a summary may take before the built-in summariser makes it."""

MOST_REQUESTS: Final = 64
"""Requests for one summary: what a transcript can cost is bounded."""

log = structlog.get_logger(__name__)


class ModelMetrics:
    """Counts of what was asked of the model."""

    def __init__(self, metrics: CollectorRegistry) -> None:
        self.requests = Counter(
            "aftercall_model_requests",
            "Requests to the model that writes summaries, by what came of them.",
            ["outcome"],
            registry=metrics,
        )
        self.tokens = Counter(
            "aftercall_model_tokens",
            "Tokens that the model's server counted, by where they were.",
            ["part"],
            registry=metrics,
        )
        for outcome in ("answered", "failed"):
            self.requests.labels(outcome)
        for part in ("prompt", "completion"):
            self.tokens.labels(part)


class ModelSummaries:
    """Makes summaries. One is made in parts if the transcript is longer than what the model takes
    at once: notes on each part, then the summary of the notes."""

    def __init__(
        self,
        model: ChatModel,
        *,
        context_tokens: int,
        metrics: ModelMetrics,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._model = model
        self._context_tokens = context_tokens
        self._sleep = sleep
        self._requests = metrics.requests
        self._tokens = metrics.tokens

    async def summarise(
        self, lines: Sequence[TranscriptLine], options: SummaryOptions, started_at: EpochMs
    ) -> MadeSummary:
        """The summary. It never fails for the model's sake: the built-in summariser makes it then,
        and its `maker` has the code of why."""
        asked = _Asked()
        try:
            async with asyncio.timeout(TOTAL_S):
                text = await self._ask(lines, options, started_at, asked)
        except ModelFailed as error:
            reason = error.code
        except TimeoutError:
            reason = "timed_out"
        else:
            return MadeSummary(text, asked.maker(model=self._model.name))
        log.warning("model failed", action="model_failed", reason=reason, requests=asked.requests)
        made = await extract(lines, options, started_at)
        return MadeSummary(made.text, asked.maker(fallback=reason))

    async def _ask(
        self,
        lines: Sequence[TranscriptLine],
        options: SummaryOptions,
        started_at: EpochMs,
        asked: "_Asked",
    ) -> str:
        quoted = quote_lines(lines, started_at=started_at)
        parts = split_into_parts(quoted, context_tokens=self._context_tokens)
        while len(parts) > 1:
            if asked.requests + len(parts) >= MOST_REQUESTS:
                raise ModelFailed(
                    "The transcript is too long.", code="transcript_too_long", is_passing=False
                )
            notes = [(await self._complete(ask_for_notes(), part, asked)).text for part in parts]
            parts = split_into_parts(quote_notes(notes), context_tokens=self._context_tokens)
        answer = await self._complete(ask_for_summary(options), parts[0], asked)
        text = keep_text(answer.text, options)
        if not text:
            raise ModelFailed("The model wrote no text.", code="empty_answer", is_passing=False)
        return text

    async def _complete(self, system: str, user: str, asked: "_Asked") -> Completion:
        """An answer, asked for again while the failure may pass."""

        async def ask() -> Completion:
            asked.requests += 1
            return await self._model.complete(system, user, most_tokens=ANSWER_TOKENS)

        answer = await ask_repeatedly(
            ask,
            sleep=self._sleep,
            note_failure=lambda _: self._requests.labels("failed").inc(),
        )
        self._requests.labels("answered").inc()
        self._tokens.labels("prompt").inc(answer.prompt_tokens)
        self._tokens.labels("completion").inc(answer.completion_tokens)
        asked.prompt_tokens += answer.prompt_tokens
        asked.completion_tokens += answer.completion_tokens
        return answer


class _Asked:
    """What was asked of the model for one summary."""

    def __init__(self) -> None:
        self.requests = 0
        self.prompt_tokens = 0
        self.completion_tokens = 0

    def maker(self, *, model: str | None = None, fallback: str | None = None) -> SummaryMaker:
        return SummaryMaker(
            model=model,
            requests=self.requests,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            fallback=fallback,
        )
