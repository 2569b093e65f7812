"""HTTP that leaves this server."""
