"""The dashboard's door: its own endpoints below `/v1`, and its pages."""
