"""Real parts without docker: a Kafka node, a schema registry, the ClickHouse engine."""
