"""A speech model that answers well, badly, too much or nothing, over real HTTP."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from aftercall.core.audio_tracks import AudioFormat, TrackSegment
from aftercall.core.uploaded_transcript import MOST_LINES
from aftercall.outbound import speech_model
from aftercall.outbound.address_rules import read_networks
from aftercall.outbound.model_request import ModelFailed, ask_repeatedly
from aftercall.outbound.safe_sender import SafeSender
from aftercall.outbound.speech_model import SpeechModel
from tests.model_server import ModelServer, Reply, open_model_server, transcription

AUDIO = b"fLaC" + bytes(range(256)) * 2_000


@pytest.fixture(scope="module")
def started() -> Iterator[ModelServer]:
    with open_model_server() as server:
        yield server


@pytest.fixture
def server(started: ModelServer) -> ModelServer:
    started.replies, started.tracks, started.keys = [], [], []
    return started


@pytest.fixture
async def model(server: ModelServer) -> AsyncIterator[SpeechModel]:
    sender = SafeSender(read_networks("127.0.0.0/8"))
    yield SpeechModel(sender, base_url=server.url + "/", name="whisper", key="sk-1", timeout_s=5)
    await sender.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "Ana's private name"
    path.write_bytes(AUDIO)
    return path


async def test_a_file_is_sent_whole_with_what_the_protocol_asks_for(
    model: SpeechModel, server: ModelServer, file: Path
) -> None:
    server.replies = [transcription((0.5, 1.25, " Hello. "), (2, 3, "  "), (61.0, 62.5, "Bye."))]
    assert await model.transcribe(file, AudioFormat.FLAC, "de") == [
        TrackSegment(500, 1_250, "Hello."),
        TrackSegment(61_000, 62_500, "Bye."),
    ]
    (track,) = server.tracks
    assert track.fields == {
        "model": "whisper",
        "response_format": "verbose_json",
        "timestamp_granularities[]": "segment",
        "language": "de",
    }
    assert (track.file_name, track.content == AUDIO) == ("track.flac", True)
    assert server.keys == ["Bearer sk-1"]


@pytest.mark.parametrize("answer", [{"text": "", "segments": []}, {"text": " "}, {"segments": []}])
async def test_a_track_without_speech_is_no_failure(
    model: SpeechModel, server: ModelServer, file: Path, answer: object
) -> None:
    server.replies = [Reply(body=json.dumps(answer).encode())]
    assert await model.transcribe(file, AudioFormat.FLAC, None) == []
    assert "language" not in server.tracks[0].fields


async def test_times_before_the_file_and_ends_before_starts_are_moments(
    model: SpeechModel, server: ModelServer, file: Path
) -> None:
    server.replies = [transcription((-0.4, -0.1, "Hello."), (5.0, 4.0, "Bye.\0"))]
    assert await model.transcribe(file, AudioFormat.FLAC, None) == [
        TrackSegment(0, 0, "Hello."),
        TrackSegment(5_000, 5_000, "Bye.\ufffd"),
    ]


def body(**answer: object) -> Reply:
    return Reply(body=json.dumps(answer).encode())


@pytest.mark.parametrize(
    ("reply", "code", "is_passing"),
    [
        (Reply(body=b"<html>busy</html>"), "unreadable_answer", True),
        (Reply(body=b"\xff\xfe"), "unreadable_answer", True),
        (Reply(body=b"[" * 100_000), "unreadable_answer", True),
        (body(error="no"), "unreadable_answer", True),
        (body(segments=[{"text": "no time"}]), "unreadable_answer", True),
        (body(segments=[{"start": "0.5", "text": "x"}]), "unreadable_answer", True),
        (Reply(body=b'{"segments": [{"start": NaN, "text": "x"}]}'), "unreadable_answer", True),
        (transcription((1e300, 1e301, "x")), "unreadable_answer", True),
        (transcription((0, 1, "x" * 65_537)), "unreadable_answer", True),
        (body(text="They met."), "no_segments", False),
        (body(text="They met.", segments=[]), "no_segments", False),
        (transcription(*[(0, 1, "x")] * (MOST_LINES + 1)), "too_many_lines", False),
        (Reply(401), "http_401", False),
        (Reply(413), "http_413", False),
        (Reply(302, headers={"location": "http://127.0.0.1/"}), "http_302", False),
        (Reply(429, headers={"retry-after": "7"}), "http_429", True),
        (Reply(503), "http_503", True),
        (Reply(body=b"{}", cut=True), "unreadable_answer", True),
    ],
)
async def test_a_wrong_answer_is_a_failure_with_a_code(
    model: SpeechModel, server: ModelServer, file: Path, reply: Reply, code: str, is_passing: bool
) -> None:
    server.replies = [reply]
    with pytest.raises(ModelFailed) as failed:
        await model.transcribe(file, AudioFormat.FLAC, None)
    assert (failed.value.code, failed.value.is_passing) == (code, is_passing)
    assert failed.value.retry_after_s == (7 if reply.status == 429 else None)


async def test_an_answer_without_end_is_not_read_to_it(
    model: SpeechModel, server: ModelServer, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speech_model, "MOST_ANSWER_BYTES", 10_000)
    server.replies = [transcription((0, 1, "x" * 20_000))]
    with pytest.raises(ModelFailed) as failed:
        await model.transcribe(file, AudioFormat.FLAC, None)
    assert (failed.value.code, failed.value.is_passing) == ("answer_too_large", False)


async def test_an_address_that_is_not_allowed_is_asked_for_nothing(
    server: ModelServer, file: Path
) -> None:
    sender = SafeSender()
    model = SpeechModel(sender, base_url=server.url, name="whisper", key="", timeout_s=5)
    with pytest.raises(ModelFailed) as failed:
        await model.transcribe(file, AudioFormat.FLAC, None)
    await sender.close()
    assert (failed.value.code, failed.value.is_passing) == ("address_refused", False)
    assert server.tracks == []


async def test_a_failure_that_passes_is_waited_for_as_its_server_asks(
    model: SpeechModel, server: ModelServer, file: Path
) -> None:
    waits: list[float] = []
    codes: list[str] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def ask() -> list[TrackSegment]:
        return await model.transcribe(file, AudioFormat.FLAC, None)

    server.replies = [Reply(429, headers={"retry-after": "30"}), Reply(503)]
    found = await ask_repeatedly(
        ask, sleep=sleep, note_failure=lambda error: codes.append(error.code)
    )
    assert [each.text for each in found] == ["Hello everybody."]
    assert (waits, codes) == ([30.0, 6.0], ["http_429", "http_503"])
    server.replies = [Reply(429, headers={"retry-after": "3600"})]
    with pytest.raises(ModelFailed):
        await ask_repeatedly(ask, sleep=sleep, note_failure=lambda _: None)
    assert len(waits) == 2
