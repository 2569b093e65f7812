"""When each stream and connection carried media, for comparison with everybody else's."""
