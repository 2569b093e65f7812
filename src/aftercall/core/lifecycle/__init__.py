"""The state machine of a session, and what follows from join and leave facts."""
