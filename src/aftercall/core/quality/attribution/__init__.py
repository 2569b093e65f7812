"""Whose trouble it was: the participants of a session compared, and told in sentences."""
