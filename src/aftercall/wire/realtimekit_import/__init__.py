"""RealtimeKit's answers read back, to keep sessions that it recorded."""
