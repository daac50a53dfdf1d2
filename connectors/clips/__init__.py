"""Clips: a highlight's piece of the source, its own packets in a file, in the object store."""
