"""The answers of the dashboard's own endpoints."""
