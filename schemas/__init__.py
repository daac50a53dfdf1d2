"""What a record is: Avro schemas, the dataclasses made from them, their encoding and their identity."""
