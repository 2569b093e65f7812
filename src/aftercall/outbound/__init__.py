"""Requests that leave this machine."""
