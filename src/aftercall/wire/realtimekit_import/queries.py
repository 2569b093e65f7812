"""The queries by which RealtimeKit's lists are read."""

from typing import Any


def list_query(start_time: str | None, end_time: str | None, *, page: int, limit: int) -> Any:
    """Ended sessions, the oldest first."""
    window = {"start_time": start_time, "end_time": end_time}
    return {
        "status": "ENDED",
        "sort_by": "createdAt",
        "sort_order": "ASC",
        "page_no": page,
        "per_page": limit,
        **{name: value for name, value in window.items() if value is not None},
    }


def recordings_query(meeting_id: str, *, page: int, limit: int) -> Any:
    """The recordings of a meeting, the first to be asked for first."""
    return {
        "meeting_id": meeting_id,
        "sort_by": "invokedTime",
        "sort_order": "ASC",
        "page_no": page,
        "per_page": limit,
    }


def participants_query(*, page: int, limit: int) -> Any:
    """Participants with their peer events, the first to join first."""
    return {
        "include_peer_events": True,
        "sort_by": "joinedAt",
        "sort_order": "ASC",
        "page_no": page,
        "per_page": limit,
    }
