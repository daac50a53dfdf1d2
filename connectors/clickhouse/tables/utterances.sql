CREATE TABLE IF NOT EXISTS framelog_log.utterances
(
    `run` LowCardinality(String),
    `topic` LowCardinality(String),
    `partition` Int32,
    `offset` Int64,
    `recorded_at` DateTime64(3, 'UTC'),
    `stream_id` LowCardinality(String) COMMENT 'Which camera, stream or file this belongs to; also the Kafka key.',
    `session_id` String COMMENT 'One unbroken run of the source: uuid5 of content and settings for a file, new at each start for a live source.',
    `seq` Int64 COMMENT '0, 1, 2 … without holes per topic, run, stream and session.',
    `pts_us` Int64 COMMENT 'Stream time in microseconds since the session\'s epoch, from media timestamps.',
    `end` Bool COMMENT 'True on the last record of a session; it carries nothing else.',
    `id` String COMMENT 'uuid5 of station, stream, session and seq.',
    `watermark_us` Int64 COMMENT 'This station will say nothing more about stream time before this.',
    `status` LowCardinality(String) COMMENT 'Whether this is an answer, and if not, why not.',
    `reason` String COMMENT 'Why the status is not ok; empty otherwise.',
    `model_name` LowCardinality(String) COMMENT 'Model\'s name.',
    `model_version` LowCardinality(String) COMMENT 'Model\'s version.',
    `model_sha256` LowCardinality(String) COMMENT 'Model\'s sha256.',
    `start_us` Int64 COMMENT 'First stream time spoken of, in microseconds.',
    `end_us` Int64 COMMENT 'First stream time no longer spoken of, in microseconds.',
    `speech` Bool COMMENT 'False: nobody spoke in this span.',
    `rate_hz` Int32 COMMENT 'Samples per second.',
    `pcm_bytes` UInt32 COMMENT 'Size in bytes of: Samples, signed 16 bit, little endian.',
    `loudness_db` Nullable(Float32) COMMENT 'RMS level in dB of full scale.',
    `peak_db` Nullable(Float32) COMMENT 'Peak level in dB of full scale.',
    `pitch_hz` Nullable(Float32) COMMENT 'Median voice pitch.',
    `speaker` String COMMENT 'Speaker label within the session, empty where unknown.',
    `cut` LowCardinality(String) COMMENT 'Why it ended: pause, length or end.',
    `first` Tuple(topic String, partition Int32, offset Int64) COMMENT 'First audio record used.',
    `last` Tuple(topic String, partition Int32, offset Int64) COMMENT 'Last audio record used.',
    `precedence` UInt64 MATERIALIZED 9223372036854775807 - toUInt64(offset) COMMENT 'Largest for the record earliest in the log, which is the one that stays.'
)
ENGINE = ReplacingMergeTree(precedence)
PARTITION BY run
ORDER BY (run, stream_id, session_id, seq)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE OR REPLACE VIEW framelog.utterances AS
SELECT * FROM framelog_log.utterances FINAL;

CREATE OR REPLACE VIEW framelog.utterances_as_of AS
SELECT * FROM framelog_log.utterances FINAL WHERE run = {run:String} AND recorded_at <= parseDateTime64BestEffort({at:String}, 3, 'UTC');
