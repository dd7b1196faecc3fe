"""The editor of instruments: drafts in everything, what is published in its wording only."""
