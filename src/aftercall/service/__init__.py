"""The use cases: record, take in, read, finalise, summarise, link."""
