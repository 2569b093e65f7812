"""How good a call was for each person, moment by moment."""
