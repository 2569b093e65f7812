import tracemalloc

import zstandard

from aftercall.store.codecs.trimmed import trimmed

TEXT = b"the same again, " * 65_536


def test_trimmed_bytes_occupy_no_more_than_their_length() -> None:
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        kept = trimmed(zstandard.ZstdCompressor().compress(TEXT))
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert zstandard.ZstdDecompressor().decompress(kept) == TEXT
    assert after - before < len(kept) + 1_000
