"""getStats reports: how they are stored, decoded and linked into streams and connections."""
