"""Instruments for programs, to read."""
