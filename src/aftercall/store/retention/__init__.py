"""Deletes data: whole sessions, and kinds of their data."""
