"""What is taken out of a record when a person is erased from it."""
