"""The HTTP side: requests in, status codes out."""
