"""Findings about a call, worst first, with their causes, sentences and advice."""
