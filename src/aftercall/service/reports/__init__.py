"""Peer reports, digests and summaries: folded, stored, read."""
