"""The store built anew from the log, compared with the one that is there, and put in its place."""
