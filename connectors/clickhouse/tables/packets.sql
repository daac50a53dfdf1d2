CREATE TABLE IF NOT EXISTS framelog_log.packets
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
    `captured_us` Int64 COMMENT 'Wall clock at capture in microseconds since 1970; 0 where unknown.',
    `epoch_us` Int64 COMMENT 'Media time of the session\'s epoch: pts_us = media time - epoch_us.',
    `tracks` Array(Tuple(index Int32, kind LowCardinality(String), codec String, extradata_bytes UInt32, time_base_num Int32, time_base_den Int32, width_px Int32, height_px Int32, rate_hz Int32, channels Int32, layout String, rotation_deg Int32)) COMMENT 'Tracks of the packets.',
    `packets` Array(Tuple(track Int32, pts Nullable(Int64), dts Nullable(Int64), duration Int64, key Bool, data_bytes UInt32)) COMMENT 'Packets in the source\'s order.',
    `packets_bytes` UInt64 COMMENT 'Size of all in bytes.',
    `dropped` Int32 COMMENT 'How many records a live source dropped just before this one because the log could not keep up.',
    `precedence` UInt64 MATERIALIZED 9223372036854775807 - toUInt64(offset) COMMENT 'Largest for the record earliest in the log, which is the one that stays.'
)
ENGINE = ReplacingMergeTree(precedence)
PARTITION BY run
ORDER BY (run, stream_id, session_id, seq)
SETTINGS non_replicated_deduplication_window = 10000;

CREATE OR REPLACE VIEW framelog.packets AS
SELECT * FROM framelog_log.packets FINAL;

CREATE OR REPLACE VIEW framelog.packets_as_of AS
SELECT * FROM framelog_log.packets FINAL WHERE run = {run:String} AND recorded_at <= parseDateTime64BestEffort({at:String}, 3, 'UTC');
