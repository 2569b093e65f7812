"""Bounds on connections, and which proxies to believe."""
