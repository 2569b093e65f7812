"""Digests, summaries and chart columns that lists and pages show of a session."""
