"""Events and statistics of a Jitsi Meet deployment: those of Prosody, and those of its pages."""
