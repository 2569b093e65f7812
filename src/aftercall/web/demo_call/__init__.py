"""A small call between browsers that leaves a record."""
