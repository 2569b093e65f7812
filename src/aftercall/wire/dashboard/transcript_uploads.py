"""What became of an uploaded transcript."""

import msgspec

from aftercall.core.uploaded_transcript import StoredTranscript, TranscriptFormat


class UploadedSpeaker(msgspec.Struct, frozen=True, kw_only=True):
    """A speaker of the transcript, with the number of lines. `participant_id` is null if nobody of
    the session is called so."""

    name: str
    participant_id: str | None
    lines: int


class TranscriptUpload(msgspec.Struct, frozen=True, kw_only=True):
    """A transcript that was read and stored. `is_new`: something changed; the same file again
    changes nothing. `left_out` are lines of people who were erased. `is_summarised`: a summary of
    it is being made."""

    session_id: str
    format: TranscriptFormat
    lines: int
    left_out: int
    speakers: list[UploadedSpeaker]
    is_new: bool
    is_summarised: bool


def encode_upload(stored: StoredTranscript) -> TranscriptUpload:
    return TranscriptUpload(
        session_id=stored.session_id,
        format=stored.format,
        lines=sum(each.lines for each in stored.speakers),
        left_out=stored.left_out,
        speakers=[
            UploadedSpeaker(name=each.name, participant_id=each.participant_id, lines=each.lines)
            for each in stored.speakers
        ],
        is_new=stored.is_new,
        is_summarised=stored.is_summarised,
    )
