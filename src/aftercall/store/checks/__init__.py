"""Queries that find what breaks a promise of the tables."""
