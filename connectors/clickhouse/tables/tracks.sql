CREATE TABLE IF NOT EXISTS framelog_log.tracks
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
    `frame` Tuple(topic String, partition Int32, offset Int64) COMMENT 'The frame.',
    `detections_id` String COMMENT 'Record of the detections.',
    `width_px` Int32 COMMENT 'Width of the source frame in pixels.',
    `height_px` Int32 COMMENT 'Height of the source frame in pixels.',
    `tracks` Array(Tuple(track_id Int32, label LowCardinality(String), score Float32, x1_px Float32, y1_px Float32, x2_px Float32, y2_px Float32, age Int32)) COMMENT 'Objects in view.',
    `entered` Array(Int32) COMMENT 'Tracks confirmed at this frame.',
    `left` Array(Int32) COMMENT 'Tracks given up at this frame.',
    `precedence` UInt64 MATERIALIZED 9223372036854775807 - toUInt64(offset) COMMENT 'Largest for the record earliest in the log, which is the one that stays.'
)
ENGINE = ReplacingMergeTree(precedence)
PARTITION BY run
ORDER BY (run, stream_id, session_id, seq)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE OR REPLACE VIEW framelog.tracks AS
SELECT * FROM framelog_log.tracks FINAL;

CREATE OR REPLACE VIEW framelog.tracked AS
SELECT run, stream_id, session_id, seq, pts_us, recorded_at, id, model_name, frame, `index`,
       element.track_id AS `track_id`, element.label AS `label`, element.score AS `score`, element.x1_px AS `x1_px`, element.y1_px AS `y1_px`, element.x2_px AS `x2_px`, element.y2_px AS `y2_px`, element.age AS `age`
FROM (SELECT run, stream_id, session_id, seq, pts_us, recorded_at, id, model_name, frame, element, toUInt32(place - 1) AS `index`
FROM (SELECT * FROM framelog_log.tracks FINAL)
ARRAY JOIN tracks AS element, arrayEnumerate(tracks) AS place);

CREATE OR REPLACE VIEW framelog.tracks_as_of AS
SELECT * FROM framelog_log.tracks FINAL WHERE run = {run:String} AND recorded_at <= parseDateTime64BestEffort({at:String}, 3, 'UTC');

CREATE OR REPLACE VIEW framelog.tracked_as_of AS
SELECT run, stream_id, session_id, seq, pts_us, recorded_at, id, model_name, frame, `index`,
       element.track_id AS `track_id`, element.label AS `label`, element.score AS `score`, element.x1_px AS `x1_px`, element.y1_px AS `y1_px`, element.x2_px AS `x2_px`, element.y2_px AS `y2_px`, element.age AS `age`
FROM (SELECT run, stream_id, session_id, seq, pts_us, recorded_at, id, model_name, frame, element, toUInt32(place - 1) AS `index`
FROM (SELECT * FROM framelog_log.tracks FINAL WHERE run = {run:String} AND recorded_at <= parseDateTime64BestEffort({at:String}, 3, 'UTC'))
ARRAY JOIN tracks AS element, arrayEnumerate(tracks) AS place);
