"""Events of a Janus server."""
