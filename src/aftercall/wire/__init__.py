"""RealtimeKit's format, and the dashboard's: the only package that knows their names.

The format served is the superset of the three published generations of the Sessions API
(Cloudflare's API documents and SDKs up to Python 5.9.0 and npm 7.3.0, November 2026).
"""
