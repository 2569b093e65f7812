"""From cumulative reports to columns of intervals, measured and scored."""
