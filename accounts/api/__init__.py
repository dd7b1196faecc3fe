"""Tokens, agencies and people for programs."""
