"""The participants of a session side by side: who received what from whom."""
