"""The session's state machine, and presence computed from join and leave facts."""
