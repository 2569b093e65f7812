"""Sessions: rows, search, pages, counts by the day."""
