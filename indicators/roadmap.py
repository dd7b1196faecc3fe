"""The least-effort way from a set of levels to a target index. Pure and exact."""
