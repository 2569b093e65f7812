"""Authentication, errors, bodies and limits, for every HTTP handler."""
