-- Questions that an analyst asks of framelog. Run one with `framelog sql "…"`, over HTTP with any ClickHouse client
-- (database `framelog`), or all of them with `clickhouse client --database framelog --queries-file`.
-- Times ending in _us are stream time in microseconds; `run = 'live'` leaves replays out; a record with `end` closes
-- a session and carries nothing else.

-- What was seen in each minute, and how often?
SELECT stream_id, intDiv(pts_us, 60000000) AS minute, label, count() AS boxes, round(avg(score), 2) AS score
FROM boxes
WHERE run = 'live'
GROUP BY stream_id, minute, label
ORDER BY stream_id, minute, boxes DESC;

-- When did a person come in, who was it, and for how long did they stay?
SELECT stream_id, session_id, track_id, min(pts_us) / 1e6 AS in_s, max(pts_us) / 1e6 AS out_s,
       round(out_s - in_s, 1) AS stayed_s, count() AS frames
FROM tracked
WHERE run = 'live' AND label = 'person'
GROUP BY stream_id, session_id, track_id
ORDER BY stream_id, in_s;

-- What was said, word by word, and when?
SELECT stream_id, text AS word, start_us / 1e6 AS from_s, end_us / 1e6 AS to_s, round(confidence, 2) AS confidence
FROM words
WHERE run = 'live'
ORDER BY stream_id, session_id, start_us;

-- Who spoke most? (Speakers without a label are counted together.)
SELECT stream_id, if(speaker = '', 'somebody', speaker) AS who, round(sum(end_us - start_us) / 1e6, 1) AS spoke_s,
       countIf(text != '') AS utterances, sum(length(words)) AS words_said
FROM speech
WHERE run = 'live' AND NOT end AND text != ''
GROUP BY stream_id, who
ORDER BY spoke_s DESC;

-- Who was in the picture while something was said?
SELECT stream_id, track_id, countIf(speaking) AS seconds_with_speech, count() AS seconds_seen
FROM (
    SELECT stream_id, session_id, speaking, arrayJoin(persons).track_id AS track_id
    FROM fused
    WHERE run = 'live' AND NOT end
)
GROUP BY stream_id, session_id, track_id
ORDER BY seconds_with_speech DESC, seconds_seen DESC;

-- Where was it silent for two seconds and more?
SELECT stream_id, silence_since_us / 1e6 AS from_s, max(pts_us) / 1e6 AS to_s, round(to_s - from_s, 1) AS silent_s
FROM sounds
WHERE run = 'live' AND silence_since_us IS NOT NULL
GROUP BY stream_id, session_id, silence_since_us
HAVING silent_s >= 2
ORDER BY stream_id, from_s;

-- How did each person's feelings go, second by second?
SELECT stream_id, track_id, intDiv(pts_us, 1000000) AS second, topKWeighted(1)(emotion, toUInt64(score * 1000))[1] AS felt,
       round(avg(valence), 2) AS valence
FROM feelings
WHERE run = 'live' AND emotion != ''
GROUP BY stream_id, session_id, track_id, second
ORDER BY stream_id, session_id, track_id, second;

-- Which feelings were there at all, and for how many frames?
SELECT stream_id, emotion, count() AS frames, uniq(track_id) AS persons, round(max(score), 2) AS strongest
FROM feelings
WHERE run = 'live' AND emotion != ''
GROUP BY stream_id, emotion
ORDER BY frames DESC;

-- Which moments were the loudest, and what was heard there?
SELECT stream_id, pts_us / 1e6 AS at_s, round(loudness_db, 1) AS level_db, classes[1].label AS heard
FROM sounds
WHERE run = 'live' AND NOT end
ORDER BY loudness_db DESC
LIMIT 10;

-- Which moments are worth seeing, and why?
SELECT stream_id, start_us / 1e6 AS from_s, end_us / 1e6 AS to_s, round(score, 2) AS score, title,
       arrayMap(r -> r.text, reasons) AS why
FROM highlights
WHERE run = 'live' AND NOT end
ORDER BY score DESC;

-- What weighs most in highlights?
SELECT kind, count() AS highlights, round(sum(weight), 2) AS weight
FROM reasons
WHERE run = 'live'
GROUP BY kind
ORDER BY weight DESC;

-- Which events does each highlight stand on?
SELECT h.stream_id AS stream_id, h.start_us / 1e6 AS highlight_s, h.title AS title, e.start_us / 1e6 AS event_s,
       e.text AS event
FROM (
    SELECT run, stream_id, start_us, title, arrayJoin(event_ids) AS event_id
    FROM highlights
    WHERE run = 'live' AND NOT end
) AS h
INNER JOIN events AS e ON e.id = h.event_id AND e.run = h.run
ORDER BY stream_id, highlight_s, event_s;

-- How many rules held in highlights, and how many elsewhere?
SELECT kind, countIf(inside) AS in_highlights, countIf(NOT inside) AS elsewhere
FROM (
    SELECT i.kind AS kind, i.id IN (
        SELECT arrayJoin(event_ids) FROM highlights WHERE run = 'live'
    ) AS inside
    FROM hits AS i
    WHERE i.run = 'live'
)
GROUP BY kind
ORDER BY in_highlights DESC, elsewhere DESC;

-- How long after its frame was in the log was each noun's record there? (Seconds: middle and slowest twentieth.)
SELECT noun, count() AS records, round(quantile(0.5)(late_ms) / 1000, 2) AS middle_s,
       round(quantile(0.95)(late_ms) / 1000, 2) AS slow_s
FROM (
    SELECT d.noun AS noun, dateDiff('millisecond', f.recorded_at, d.recorded_at) AS late_ms
    FROM (
        SELECT 'detections' AS noun, session_id, pts_us, recorded_at FROM detections WHERE run = 'live' AND NOT end
        UNION ALL
        SELECT 'faces', session_id, pts_us, recorded_at FROM faces WHERE run = 'live' AND NOT end
        UNION ALL
        SELECT 'tracks', session_id, pts_us, recorded_at FROM tracks WHERE run = 'live' AND NOT end
        UNION ALL
        SELECT 'emotions', session_id, pts_us, recorded_at FROM emotions WHERE run = 'live' AND NOT end
    ) AS d
    INNER JOIN frames AS f ON f.session_id = d.session_id AND f.pts_us = d.pts_us
)
GROUP BY noun
ORDER BY middle_s;

-- What happened to the streams themselves: did they start, fall silent, come back, break the contract, end?
SELECT stream_id, recorded_at, kind, breach, text
FROM streams
WHERE run = 'live' AND NOT end AND kind != 'progress'
ORDER BY stream_id, session_id, seq;

-- Where is a medium missing for longer than a second between two records of it?
SELECT stream_id, medium, before_us / 1e6 AS from_s, pts_us / 1e6 AS to_s
FROM (
    SELECT medium, stream_id, session_id, pts_us,
           lagInFrame(pts_us, 1, pts_us) OVER (PARTITION BY medium, stream_id, session_id ORDER BY seq
                                               ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before_us
    FROM (
        SELECT 'frames' AS medium, stream_id, session_id, seq, pts_us FROM frames WHERE NOT end
        UNION ALL
        SELECT 'audio', stream_id, session_id, seq, pts_us FROM audio WHERE NOT end
    )
)
WHERE pts_us - before_us > 1000000
ORDER BY stream_id, from_s;

-- Which model computed what?
SELECT noun, model_name, model_version, left(model_sha256, 12) AS weights, count() AS records
FROM (
    SELECT 'detections' AS noun, model_name, model_version, model_sha256 FROM detections WHERE run = 'live' AND NOT end
    UNION ALL
    SELECT 'faces', model_name, model_version, model_sha256 FROM faces WHERE run = 'live' AND NOT end
    UNION ALL
    SELECT 'speech', model_name, model_version, model_sha256 FROM speech WHERE run = 'live' AND NOT end
    UNION ALL
    SELECT 'sounds', model_name, model_version, model_sha256 FROM sounds WHERE run = 'live' AND NOT end
    UNION ALL
    SELECT 'events', model_name, model_version, model_sha256 FROM events WHERE run = 'live' AND NOT end
)
GROUP BY noun, model_name, model_version, model_sha256
ORDER BY noun, records DESC;
