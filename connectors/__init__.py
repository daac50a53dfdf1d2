"""The outside world: sources that feed the log, sinks that take from it."""
