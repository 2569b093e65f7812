"""From cumulative reports to the intervals of each stream: what a browser said, put in columns."""
