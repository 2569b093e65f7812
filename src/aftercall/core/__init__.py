"""Facts, the session state machine and the quality maths: plain Python, no I/O, no clock."""
