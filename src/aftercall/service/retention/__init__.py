"""Deletes what is past its time, and lets operators choose what is kept for how long."""
