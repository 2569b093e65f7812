"""Columns and tables of intervals."""
