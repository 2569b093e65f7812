"""The rules of the catalogue, which raise issues from measured values."""
