"""The dashboard's endpoints below `/v1`, and its pages."""
