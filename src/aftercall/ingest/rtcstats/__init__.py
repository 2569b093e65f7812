"""What rtcstats writes: its numbers for names, and reports as differences from those before."""
