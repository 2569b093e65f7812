"""The intake: the endpoints that browsers, backends and media servers post to."""
