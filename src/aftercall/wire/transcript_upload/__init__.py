"""Finished transcripts that are uploaded: SRT, WebVTT, JSON and CSV, found by their content."""
