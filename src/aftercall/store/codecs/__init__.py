"""The encodings of stored samples."""
