"""Matches the tags of a report with its streams."""

from collections.abc import Mapping, Sequence

from aftercall.core.quality.stats.getstats import Stats, StreamTag

StreamKey = tuple[str, str, int | str]
"""Connection id, direction, and the SSRC or, without one, the id of the stats object."""


class Tags:
    """The tags of a sample, found by SSRC, else `mid`, else track."""

    def __init__(self, tags: Sequence[StreamTag]) -> None:
        self.every = tags
        self._by_ssrc: dict[tuple[str, str, int | None], StreamTag] = {
            (tag.connection, tag.direction, tag.ssrc): tag for tag in tags
        }
        self._by_name: dict[tuple[str, str, str, str], StreamTag] | None = None

    def find(
        self, connection_id: str, direction: str, stats: Stats, source: Stats | None
    ) -> StreamTag | None:
        """The tag that names the stream, else `None`."""
        if stats.ssrc is not None:
            tag = self._by_ssrc.get((connection_id, direction, stats.ssrc))
            if tag is not None:
                return tag
        if self._by_name is None:
            self._by_name = {}
            for tag in self.every:
                for name, value in (("mid", tag.mid), ("track", tag.track_id)):
                    if value is not None:
                        self._by_name[tag.connection, tag.direction, name, value] = tag
        track_id = _track_of(stats, source)
        return self._by_name.get(
            (connection_id, direction, "mid", stats.mid or "")
        ) or self._by_name.get((connection_id, direction, "track", track_id or ""))

    def only(
        self,
        connection_id: str,
        direction: str,
        stats: Stats,
        source: Stats | None,
        sources: Mapping[StreamKey, str],
    ) -> StreamTag | None:
        """The only tag that can belong to a sent stream for which the browser reports neither `mid`
        nor track (Firefox before 120): the one of its kind, and of several the one whose source no
        other stream of the connection has. `sources` gives the sources of streams."""
        is_named = stats.mid is not None or _track_of(stats, source) is not None
        if direction != "send" or is_named:
            return None
        key: StreamKey = (connection_id, direction, stats.id if stats.ssrc is None else stats.ssrc)
        own = sources.get(key)
        fitting = [
            tag
            for tag in self.every
            if (tag.connection, tag.direction, tag.ssrc) == (connection_id, direction, None)
            and tag.kind is not None
            and tag.kind == (stats.kind or stats.media_type)
            and own in (None, tag.source)
        ]
        if own is None:
            others = {each for other, each in sources.items() if other[:2] == key[:2]}
            fitting = [tag for tag in fitting if tag.source not in others] or fitting
        return fitting[0] if len(fitting) == 1 else None


def _track_of(stats: Stats, source: Stats | None) -> str | None:
    return stats.track_identifier if source is None else source.track_identifier
