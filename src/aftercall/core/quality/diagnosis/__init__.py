"""Findings about a call, the worst first, with causes, sentences and advice."""
