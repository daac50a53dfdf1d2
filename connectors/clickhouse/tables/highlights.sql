CREATE TABLE IF NOT EXISTS framelog_log.highlights
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
    `peak_us` Int64 COMMENT 'Stream time of the best window.',
    `score` Float32 COMMENT '0 … 1.',
    `title` String COMMENT 'What happened.',
    `reasons` Array(Tuple(kind LowCardinality(String), weight Float32, at_us Int64, text String)) COMMENT 'Why, heaviest first.',
    `fused_ids` Array(String) COMMENT 'Windows it covers.',
    `event_ids` Array(String) COMMENT 'Events it stands on.',
    `frame` Tuple(topic String, partition Int32, offset Int64) COMMENT 'Frame of the poster.',
    `first_frame` Tuple(topic String, partition Int32, offset Int64) COMMENT 'First raw frame.',
    `last_frame` Tuple(topic String, partition Int32, offset Int64) COMMENT 'Last raw frame.',
    `precedence` UInt64 MATERIALIZED 9223372036854775807 - toUInt64(offset) COMMENT 'Largest for the record earliest in the log, which is the one that stays.'
)
ENGINE = ReplacingMergeTree(precedence)
PARTITION BY run
ORDER BY (run, stream_id, session_id, seq)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE OR REPLACE VIEW framelog.highlights AS
SELECT * FROM framelog_log.highlights FINAL;

CREATE OR REPLACE VIEW framelog.reasons AS
SELECT run, stream_id, session_id, seq, pts_us, recorded_at, id, model_name, frame, `index`,
       element.kind AS `kind`, element.weight AS `weight`, element.at_us AS `at_us`, element.text AS `text`
FROM (SELECT run, stream_id, session_id, seq, pts_us, recorded_at, id, model_name, frame, element, toUInt32(place - 1) AS `index`
FROM (SELECT * FROM framelog_log.highlights FINAL)
ARRAY JOIN reasons AS element, arrayEnumerate(reasons) AS place);

CREATE OR REPLACE VIEW framelog.highlights_as_of AS
SELECT * FROM framelog_log.highlights FINAL WHERE run = {run:String} AND recorded_at <= parseDateTime64BestEffort({at:String}, 3, 'UTC');

CREATE OR REPLACE VIEW framelog.reasons_as_of AS
SELECT run, stream_id, session_id, seq, pts_us, recorded_at, id, model_name, frame, `index`,
       element.kind AS `kind`, element.weight AS `weight`, element.at_us AS `at_us`, element.text AS `text`
FROM (SELECT run, stream_id, session_id, seq, pts_us, recorded_at, id, model_name, frame, element, toUInt32(place - 1) AS `index`
FROM (SELECT * FROM framelog_log.highlights FINAL WHERE run = {run:String} AND recorded_at <= parseDateTime64BestEffort({at:String}, 3, 'UTC'))
ARRAY JOIN reasons AS element, arrayEnumerate(reasons) AS place);
