"""Compressed bytes that are kept in memory."""


def trimmed(compressed: bytes) -> bytes:
    """The same bytes, in as much memory as they need. What zstandard returns goes on to occupy as
    much as the text could have taken uncompressed, for as long as it exists."""
    return bytes(memoryview(compressed))
