"""The report on one participant of one session, folded from samples and events."""
