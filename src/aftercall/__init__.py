"""Aftercall keeps the record of real-time calls and explains them."""

__version__ = "0.1.0"
