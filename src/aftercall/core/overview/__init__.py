"""What lists and pages show of a session: digests, summaries and columns to chart."""
