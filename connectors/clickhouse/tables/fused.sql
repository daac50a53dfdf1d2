CREATE TABLE IF NOT EXISTS framelog_log.fused
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
    `persons` Array(Tuple(track_id Int32, x1_px Float32, y1_px Float32, x2_px Float32, y2_px Float32, frames Int32, emotion LowCardinality(String), emotion_score Float32, valence Nullable(Float32))) COMMENT 'Persons seen.',
    `objects` Array(Tuple(label LowCardinality(String), count Int32)) COMMENT 'Other objects seen.',
    `persons_max` Int32 COMMENT 'Most persons at once, by tracks or by faces that stay for half of the window.',
    `entered` Array(Int32) COMMENT 'Tracks of persons that came in.',
    `left` Array(Int32) COMMENT 'Tracks of persons that went.',
    `text` String COMMENT 'Words that begin in the window.',
    `words` Array(Tuple(text String, start_us Int64, end_us Int64, confidence Float32)) COMMENT 'The same with times.',
    `speaking` Bool COMMENT 'Somebody speaks in the window.',
    `emotion` LowCardinality(String) COMMENT 'Strongest emotion of any face.',
    `emotion_score` Float32 COMMENT '0 … 1.',
    `valence` Nullable(Float32) COMMENT 'Mean over persons.',
    `loudness_db` Float32 COMMENT 'Loudest stretch of the window, dB of full scale.',
    `silence` Bool COMMENT 'Heard to be silent throughout.',
    `sounds` Array(Tuple(label LowCardinality(String), score Float32)) COMMENT 'Best score of each sound class.',
    `missing` Array(String) COMMENT 'Modalities (tracks, emotions, speech, sounds) that gave no answer for the window.',
    `evidence` Tuple(first_frame Tuple(topic String, partition Int32, offset Int64), last_frame Tuple(topic String, partition Int32, offset Int64), first_audio Tuple(topic String, partition Int32, offset Int64), last_audio Tuple(topic String, partition Int32, offset Int64), tracks Array(String), emotions Array(String), speech Array(String), sounds Array(String)) COMMENT 'What it stands on.',
    `precedence` UInt64 MATERIALIZED 9223372036854775807 - toUInt64(offset) COMMENT 'Largest for the record earliest in the log, which is the one that stays.'
)
ENGINE = ReplacingMergeTree(precedence)
PARTITION BY run
ORDER BY (run, stream_id, session_id, seq)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE OR REPLACE VIEW framelog.fused AS
SELECT * FROM framelog_log.fused FINAL;

CREATE OR REPLACE VIEW framelog.persons AS
SELECT run, stream_id, session_id, seq, pts_us, recorded_at, id, model_name, `index`,
       element.track_id AS `track_id`, element.x1_px AS `x1_px`, element.y1_px AS `y1_px`, element.x2_px AS `x2_px`, element.y2_px AS `y2_px`, element.frames AS `frames`, element.emotion AS `emotion`, element.emotion_score AS `emotion_score`, element.valence AS `valence`
FROM (SELECT run, stream_id, session_id, seq, pts_us, recorded_at, id, model_name, element, toUInt32(place - 1) AS `index`
FROM (SELECT * FROM framelog_log.fused FINAL)
ARRAY JOIN persons AS element, arrayEnumerate(persons) AS place);

CREATE OR REPLACE VIEW framelog.objects AS
SELECT run, stream_id, session_id, seq, pts_us, recorded_at, id, model_name, `index`,
       element.label AS `label`, element.count AS `count`
FROM (SELECT run, stream_id, session_id, seq, pts_us, recorded_at, id, model_name, element, toUInt32(place - 1) AS `index`
FROM (SELECT * FROM framelog_log.fused FINAL)
ARRAY JOIN objects AS element, arrayEnumerate(objects) AS place);

CREATE OR REPLACE VIEW framelog.fused_as_of AS
SELECT * FROM framelog_log.fused FINAL WHERE run = {run:String} AND recorded_at <= parseDateTime64BestEffort({at:String}, 3, 'UTC');

CREATE OR REPLACE VIEW framelog.persons_as_of AS
SELECT run, stream_id, session_id, seq, pts_us, recorded_at, id, model_name, `index`,
       element.track_id AS `track_id`, element.x1_px AS `x1_px`, element.y1_px AS `y1_px`, element.x2_px AS `x2_px`, element.y2_px AS `y2_px`, element.frames AS `frames`, element.emotion AS `emotion`, element.emotion_score AS `emotion_score`, element.valence AS `valence`
FROM (SELECT run, stream_id, session_id, seq, pts_us, recorded_at, id, model_name, element, toUInt32(place - 1) AS `index`
FROM (SELECT * FROM framelog_log.fused FINAL WHERE run = {run:String} AND recorded_at <= parseDateTime64BestEffort({at:String}, 3, 'UTC'))
ARRAY JOIN persons AS element, arrayEnumerate(persons) AS place);

CREATE OR REPLACE VIEW framelog.objects_as_of AS
SELECT run, stream_id, session_id, seq, pts_us, recorded_at, id, model_name, `index`,
       element.label AS `label`, element.count AS `count`
FROM (SELECT run, stream_id, session_id, seq, pts_us, recorded_at, id, model_name, element, toUInt32(place - 1) AS `index`
FROM (SELECT * FROM framelog_log.fused FINAL WHERE run = {run:String} AND recorded_at <= parseDateTime64BestEffort({at:String}, 3, 'UTC'))
ARRAY JOIN objects AS element, arrayEnumerate(objects) AS place);
