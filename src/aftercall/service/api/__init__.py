"""The use cases behind RealtimeKit's operations."""
