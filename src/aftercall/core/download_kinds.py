"""The files that can be downloaded of a session."""

from enum import StrEnum


class Export(StrEnum):
    """The name of each file."""

    CHAT_CSV = "chat.csv"
    CHAT_JSON = "chat.json"
    TRANSCRIPT_CSV = "transcript.csv"
    TRANSCRIPT_DYTE_CSV = "transcript-dyte.csv"
    TRANSCRIPT_SRT = "transcript.srt"
    TRANSCRIPT_VTT = "transcript.vtt"
    TRANSCRIPT_JSON = "transcript.json"
    SUMMARY_MARKDOWN = "summary.md"
    SUMMARY_TEXT = "summary.txt"
