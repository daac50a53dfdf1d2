CREATE TABLE IF NOT EXISTS framelog_log.detections
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
    `width_px` Int32 COMMENT 'Width of the source frame in pixels.',
    `height_px` Int32 COMMENT 'Height of the source frame in pixels.',
    `boxes` Array(Tuple(label LowCardinality(String), score Float32, x1_px Float32, y1_px Float32, x2_px Float32, y2_px Float32, keypoints Array(Tuple(x_px Float32, y_px Float32, score Float32)))) COMMENT 'Objects, best score first.',
    `precedence` UInt64 MATERIALIZED 9223372036854775807 - toUInt64(offset) COMMENT 'Largest for the record earliest in the log, which is the one that stays.'
)
ENGINE = ReplacingMergeTree(precedence)
PARTITION BY run
ORDER BY (run, stream_id, session_id, seq)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE OR REPLACE VIEW framelog.detections AS
SELECT * FROM framelog_log.detections FINAL;

CREATE OR REPLACE VIEW framelog.boxes AS
SELECT run, stream_id, session_id, seq, pts_us, recorded_at, id, model_name, frame, `index`,
       element.label AS `label`, element.score AS `score`, element.x1_px AS `x1_px`, element.y1_px AS `y1_px`, element.x2_px AS `x2_px`, element.y2_px AS `y2_px`, element.keypoints AS `keypoints`
FROM (SELECT run, stream_id, session_id, seq, pts_us, recorded_at, id, model_name, frame, element, toUInt32(place - 1) AS `index`
FROM (SELECT * FROM framelog_log.detections FINAL)
ARRAY JOIN boxes AS element, arrayEnumerate(boxes) AS place);

CREATE OR REPLACE VIEW framelog.detections_as_of AS
SELECT * FROM framelog_log.detections FINAL WHERE run = {run:String} AND recorded_at <= parseDateTime64BestEffort({at:String}, 3, 'UTC');

CREATE OR REPLACE VIEW framelog.boxes_as_of AS
SELECT run, stream_id, session_id, seq, pts_us, recorded_at, id, model_name, frame, `index`,
       element.label AS `label`, element.score AS `score`, element.x1_px AS `x1_px`, element.y1_px AS `y1_px`, element.x2_px AS `x2_px`, element.y2_px AS `y2_px`, element.keypoints AS `keypoints`
FROM (SELECT run, stream_id, session_id, seq, pts_us, recorded_at, id, model_name, frame, element, toUInt32(place - 1) AS `index`
FROM (SELECT * FROM framelog_log.detections FINAL WHERE run = {run:String} AND recorded_at <= parseDateTime64BestEffort({at:String}, 3, 'UTC'))
ARRAY JOIN boxes AS element, arrayEnumerate(boxes) AS place);
