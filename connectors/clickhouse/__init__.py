"""ClickHouse: a table for each noun, rows as a pure function of records, and the sink that puts them there."""
