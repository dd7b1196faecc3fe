"""Agencies and people brought in as a list: what each row would do, and doing exactly that.

Nothing is written before the person has seen it row by row (`plan`). What was shown is kept as an `ImportDraft` and
applied as it stands (`apply`): every changed row over the version it was compared with, every new one under a name
that is still free. Where something moved meanwhile, nothing is written. The writing is that of the single acts.
"""
