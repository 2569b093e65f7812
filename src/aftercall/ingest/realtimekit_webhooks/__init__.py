"""Webhooks of RealtimeKit."""
