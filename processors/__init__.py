"""What is understood: stations, each a pure core, run by a Kafka shell or an offline one."""
