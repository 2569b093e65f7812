"""Callbacks and webhooks of a BigBlueButton server."""
