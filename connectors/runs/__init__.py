"""Runs: what was asked for, over which stretch of the log, with which models, and what came out."""
