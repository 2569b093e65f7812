"""Models of listening and viewing quality: scores and opinions of intervals."""
