"""Past years brought in from a list: levels only. Read (`sheet`), shown first (`plan`), written (`write`), and the
list that comes out again (`export`)."""
