"""Alerts: what is raised, updated and resolved without anybody looking."""
