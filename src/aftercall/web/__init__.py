"""The front door: HTTP requests in, status codes out."""
