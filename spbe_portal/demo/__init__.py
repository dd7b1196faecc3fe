"""The demo city: a fictional government with real kinds of agencies, documents and texts."""
