"""Where browsers and media servers post."""
