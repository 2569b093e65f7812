"""The peer report in RealtimeKit's format."""
