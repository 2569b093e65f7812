"""People's rights in their data: export, erasure, deletion, and who did what."""
