"""`framelog replay`: a stretch of the log through the stations again, into topics and rows of a run's own."""
