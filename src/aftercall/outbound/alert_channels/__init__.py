"""Sends alerts: over HTTP, by mail, and through Apprise."""
