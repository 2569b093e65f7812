"""When each stream and connection carried media, for the comparison of participants."""
