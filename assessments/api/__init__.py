"""The loop for programs: the same functions as the pages."""
