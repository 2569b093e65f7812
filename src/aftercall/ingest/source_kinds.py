"""Which sources speak for whom, by the names that facts of them carry."""

from typing import Final

from aftercall.ingest import collector, realtimekit_callstats
from aftercall.ingest.bigbluebutton import source as bigbluebutton
from aftercall.ingest.jitsi import event_sync as jitsi
from aftercall.ingest.livekit import source as livekit
from aftercall.ingest.realtimekit_webhooks import source as realtimekit_webhooks

CLIENT_SOURCES: Final = frozenset({collector.SOURCE, realtimekit_callstats.SOURCE})
"""Sources that are the participants' own clients."""

ROOM_SOURCES: Final = frozenset(
    {bigbluebutton.SOURCE, jitsi.SOURCE, livekit.SOURCE, realtimekit_webhooks.SOURCE}
)
"""Sources that report what happens in rooms: of those to whom nothing happens, nothing is heard."""
