"""Dumps of past calls: files that browsers and collectors of statistics save."""
