"""Telling other systems: where to, how it is sent, and when it is tried again."""
