"""What an interval was like to a listener and a viewer: scores and opinions."""
