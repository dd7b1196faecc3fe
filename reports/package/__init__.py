"""Paket nasional: one file an indicator as the national app takes them, an index, and what is still missing.

`names` and `plan` are plain Python; `index` writes the sheet, `writing` the ZIP. What is read for it says
`reports.queries.package`.
"""
