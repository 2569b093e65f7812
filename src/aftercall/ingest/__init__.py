"""Sources: each module translates one foreign format into facts (`source.py` has the protocol)."""
