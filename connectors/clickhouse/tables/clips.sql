CREATE TABLE IF NOT EXISTS framelog_log.clips
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
    `highlight_id` String COMMENT 'Highlight.',
    `key` String COMMENT 'Object\'s key in the store.',
    `poster_key` String COMMENT 'Key of the poster JPEG, empty where there is none.',
    `bytes` Int64 COMMENT 'Size of the object.',
    `sha256` String COMMENT 'Of the object.',
    `first_seq` Int64 COMMENT 'seq of the first packets record used.',
    `last_seq` Int64 COMMENT 'seq of the last packets record used.',
    `media_start_us` Int64 COMMENT 'Stream time of the object\'s first picture, or of its first sound where it has no picture: the last key frame at or before start_us where the log holds one.',
    `media_end_us` Int64 COMMENT 'Stream time where the object\'s last picture or sound ends.',
    `missing` String COMMENT 'What of start_us to end_us is not in the object, and why; empty where all of it is.',
    `precedence` UInt64 MATERIALIZED 9223372036854775807 - toUInt64(offset) COMMENT 'Largest for the record earliest in the log, which is the one that stays.'
)
ENGINE = ReplacingMergeTree(precedence)
PARTITION BY run
ORDER BY (run, stream_id, session_id, seq)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE OR REPLACE VIEW framelog.clips AS
SELECT * FROM framelog_log.clips FINAL;

CREATE OR REPLACE VIEW framelog.clips_as_of AS
SELECT * FROM framelog_log.clips FINAL WHERE run = {run:String} AND recorded_at <= parseDateTime64BestEffort({at:String}, 3, 'UTC');
