"""Alerts: rules, their evaluation, and what is sent."""
