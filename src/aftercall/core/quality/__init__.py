"""From getStats samples to scores, issues and their causes."""
