"""What two runs say differently about the same stretch of the log.

`compare` is pure: two iterators of one noun's records in, findings out. `log` reads both runs, `report` sums up,
`gate` judges, `page` draws.
"""
