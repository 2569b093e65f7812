"""Events of a LiveKit server."""
