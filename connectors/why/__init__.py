"""Why: from a record back to everything it stands on, down to topic, partition and offset of the raw log."""
