"""The back door: jobs, sweeps and what follows from them."""
