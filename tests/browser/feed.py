"""A camera that is on: ten frames a second, with what the stations say of them."""

import threading
import time
from typing import Any
from uuid import uuid4

import clickhouse_connect

from schemas.records import Audio, Emotions, Frame, PersonEmotion, Sounds, Tracks
from tests.browser.conftest import World
from tests.story import FPS, HEIGHT, WIDTH, S, Story, Teller, people, picture, tone, tracked

BATCH = 5
SCENE_US = 25 * S


class Feed:
    """Writes to log and store from its own thread while it is entered."""

    def __init__(self, world: World) -> None:
        self._client = clickhouse_connect.get_client(dsn=world.clickhouse.url, dedicated_pool=True)
        self._teller = Teller(world.connection, self._client, world.teller.database)
        self._story = Story("door", str(uuid4()), ended=False, captured_us=time.time_ns() // 1000 - 16 * S)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.now_us = 0

    def __enter__(self) -> "Feed":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(20)
        self._client.close()

    def _run(self) -> None:
        seq = 0
        while not self._stop.is_set():
            self._half_a_second(seq)
            seq += BATCH
            self._stop.wait(0.4)

    def _half_a_second(self, seq: int) -> None:
        say, story = self._teller.say, self._story
        moments = {n: 15 * S + n * S // FPS for n in range(seq, seq + BATCH)}
        size: dict[str, Any] = {"width_px": WIDTH, "height_px": HEIGHT}
        refs = say("frames", [
            Frame(**story.common("frames", n, us), **size, captured_us=story.captured_us + us,
                  image=picture(us % SCENE_US))
            for n, us in moments.items()
        ])  # fmt: skip
        tracks, emotions = [], []
        for (n, us), ref in zip(moments.items(), refs, strict=True):
            boxes = tuple(tracked(*who) for who in people(us % SCENE_US))
            felt = tuple(
                PersonEmotion(track_id=b.track_id, emotion="happiness", score=0.8, valence=0.5, x1_px=b.x1_px,
                              y1_px=b.y1_px, x2_px=b.x2_px, y2_px=b.y2_px)
                for b in boxes[:1]
            )  # fmt: skip
            tracks.append(Tracks(**story.common("tracks", n, us), **size, frame=ref, tracks=boxes))
            emotions.append(Emotions(**story.common("emotions", n, us), frame=ref, persons=felt))
        say("tracks", tracks)
        say("emotions", emotions)
        first = moments[seq]
        say("audio", [Audio(**story.common("audio", seq // BATCH, first), captured_us=story.captured_us + first,
                            pcm=tone(first % SCENE_US))])  # fmt: skip
        say("sounds", [Sounds(**story.common("sounds", seq // BATCH, first), start_us=first, end_us=first + S // 2,
                              loudness_db=-30.0 + seq % 9, peak_db=-20.0)])  # fmt: skip
        self.now_us = moments[seq + BATCH - 1]
