"""RealtimeKit's REST operations."""
