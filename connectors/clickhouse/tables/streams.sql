CREATE TABLE IF NOT EXISTS framelog_log.streams
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
    `kind` LowCardinality(String) COMMENT 'What happened.',
    `text` String COMMENT 'The same in a sentence.',
    `start_us` Int64 COMMENT 'First stream time spoken of, in microseconds.',
    `end_us` Int64 COMMENT 'First stream time no longer spoken of, in microseconds.',
    `positions` Array(Tuple(topic String, partition Int32, offset Int64, seq Int64, pts_us Int64)) COMMENT 'Where the raw topics stood.',
    `dropped` Int32 COMMENT 'Records that the source dropped in the span.',
    `width_px` Int32 COMMENT 'Width of the source frame in pixels.',
    `height_px` Int32 COMMENT 'Height of the source frame in pixels.',
    `media` Array(String) COMMENT 'Raw nouns that it concerns: frames, audio, packets; for started and ended those that came at all.',
    `breach` LowCardinality(String) COMMENT 'Kind of the breach: hole, first_seq, repeat, back, writers, not_jpeg, size, rate, odd, empty, negative, far_ahead, track, unended; empty otherwise.',
    `received` Array(Tuple(label LowCardinality(String), count Int64)) COMMENT 'Records of each raw noun since the last progress; over the whole session for ended.',
    `breaches` Array(Tuple(label LowCardinality(String), count Int64)) COMMENT 'Breaches since the last progress by kind, also those that were not announced one by one; over the whole session for ended.',
    `precedence` UInt64 MATERIALIZED 9223372036854775807 - toUInt64(offset) COMMENT 'Largest for the record earliest in the log, which is the one that stays.'
)
ENGINE = ReplacingMergeTree(precedence)
PARTITION BY run
ORDER BY (run, stream_id, session_id, seq)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE OR REPLACE VIEW framelog.streams AS
SELECT * FROM framelog_log.streams FINAL;

CREATE OR REPLACE VIEW framelog.positions AS
SELECT run, stream_id, session_id, seq, pts_us, recorded_at, id, model_name, `index`,
       element.topic AS `of_topic`, element.partition AS `of_partition`, element.offset AS `of_offset`, element.seq AS `of_seq`, element.pts_us AS `of_pts_us`
FROM (SELECT run, stream_id, session_id, seq, pts_us, recorded_at, id, model_name, element, toUInt32(place - 1) AS `index`
FROM (SELECT * FROM framelog_log.streams FINAL)
ARRAY JOIN positions AS element, arrayEnumerate(positions) AS place);

CREATE OR REPLACE VIEW framelog.streams_as_of AS
SELECT * FROM framelog_log.streams FINAL WHERE run = {run:String} AND recorded_at <= parseDateTime64BestEffort({at:String}, 3, 'UTC');

CREATE OR REPLACE VIEW framelog.positions_as_of AS
SELECT run, stream_id, session_id, seq, pts_us, recorded_at, id, model_name, `index`,
       element.topic AS `of_topic`, element.partition AS `of_partition`, element.offset AS `of_offset`, element.seq AS `of_seq`, element.pts_us AS `of_pts_us`
FROM (SELECT run, stream_id, session_id, seq, pts_us, recorded_at, id, model_name, element, toUInt32(place - 1) AS `index`
FROM (SELECT * FROM framelog_log.streams FINAL WHERE run = {run:String} AND recorded_at <= parseDateTime64BestEffort({at:String}, 3, 'UTC'))
ARRAY JOIN positions AS element, arrayEnumerate(positions) AS place);
