"""What a Jitsi Meet deployment tells: Prosody's events, and its pages' statistics."""
