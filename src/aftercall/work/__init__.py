"""Background work: jobs and sweeps."""
