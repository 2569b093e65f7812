"""The kind, the sender and the source of a reported stream."""

from typing import Final

from aftercall.core.quality.stats.getstats import Stats, StreamTag

PROBATOR: Final = "probator"
"""The `mid` and track of mediasoup's stream for bandwidth probing."""

_MEMBERS_OF_KIND: Final = {
    "video": (
        "frames_encoded",
        "frames_decoded",
        "frames_dropped",
        "frame_width",
        "frames_per_second",
        "key_frames_encoded",
        "key_frames_decoded",
        "pli_count",
        "fir_count",
    ),
    "audio": (
        "total_samples_received",
        "concealed_samples",
        "concealment_events",
        "audio_level",
        "total_audio_energy",
    ),
}
"""Members that only streams of this kind have."""


def kind_of(
    stats: Stats, source: Stats | None, mime_type: str | None, tag: StreamTag | None
) -> str | None:
    """`audio` or `video`, by the stream, its source, its codec, its tag, or the members it has.
    `None` if unknown."""
    possible = (
        stats.kind,
        stats.media_type,
        None if source is None else source.kind,
        None if mime_type is None else mime_type.partition("/")[0].lower(),
        None if tag is None else tag.kind,
    )
    for kind in possible:
        if kind in _MEMBERS_OF_KIND:
            return kind
    return next(
        (
            kind
            for kind, members in _MEMBERS_OF_KIND.items()
            if any(_is_there(getattr(stats, name)) for name in members)
        ),
        None,
    )


def is_no_stream(stats: Stats) -> bool:
    """Whether an object is no stream of the call: mediasoup's probe, or a remote report that older
    browsers give the type of the stream itself."""
    return stats.mid == PROBATOR or stats.track_identifier == PROBATOR or stats.is_remote is True


def sender_of(stats: Stats, tag: StreamTag | None, use: str) -> str:
    """What all layers of one picture have in common. If nothing identifies it, all pictures of a
    `use` that a connection sends count as layers of one."""
    name = stats.media_source_id or stats.mid
    if name is None and tag is not None:
        name = tag.producer_id or tag.track_id or tag.mid
    return name or use


def source_of(direction: str, track_id: str | None, tag: StreamTag | None) -> str | None:
    """What a stream carries, on whichever connection: the producer of a received stream, else the
    track. `None` if unknown."""
    if direction == "receive" and tag is not None and tag.producer_id is not None:
        return f"producer {tag.producer_id}"
    if track_id is None and tag is not None:
        track_id = tag.track_id
    return None if track_id is None else f"track {track_id}"


def _is_there(value: float | None) -> bool:
    """Whether a value is present; absent numbers of stored reports are NaN."""
    return value is not None and value == value
