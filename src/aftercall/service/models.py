"""The models that the settings name."""

from collections.abc import Mapping
from typing import Any, Final

from prometheus_client import CollectorRegistry

from aftercall.outbound.chat_model import ChatModel
from aftercall.outbound.safe_sender import SafeSender
from aftercall.outbound.speech_model import SpeechModel
from aftercall.service.reports.model_summaries import ModelMetrics, ModelSummaries
from aftercall.settings import BadSetting, Settings

MODEL_LANES: Final = 2
"""Summaries that a model writes at a time."""


def summarising(
    settings: Settings, sender: SafeSender, metrics: CollectorRegistry
) -> Mapping[str, Any]:
    """How `Summaries` makes them: by the model of the settings, if there is one. Raises
    `BadSetting`."""
    model_metrics = ModelMetrics(metrics)
    if not settings.summary_model_url:
        return {}
    if not settings.summary_model:
        raise BadSetting("summary_model_url needs summary_model, the name of the model")
    model = ChatModel(
        sender,
        base_url=settings.summary_model_url,
        name=settings.summary_model,
        key=settings.summary_model_key,
        timeout_s=settings.summary_model_timeout_s,
    )
    summariser = ModelSummaries(
        model, context_tokens=settings.summary_model_context_tokens, metrics=model_metrics
    )
    return {"summariser": summariser.summarise, "lanes": MODEL_LANES}


def speech_model_of(settings: Settings, sender: SafeSender) -> SpeechModel | None:
    """The model that transcribes, if there is one. Raises `BadSetting`."""
    if not settings.transcription_model_url:
        return None
    if not settings.transcription_model:
        raise BadSetting("transcription_model_url needs transcription_model, the name of the model")
    return SpeechModel(
        sender,
        base_url=settings.transcription_model_url,
        name=settings.transcription_model,
        key=settings.transcription_model_key,
        timeout_s=settings.transcription_model_timeout_s,
    )
