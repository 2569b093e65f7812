"""The extractive summary of a transcript."""
