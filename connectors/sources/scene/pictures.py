"""The pictures of the rendered scene."""

import numpy as np
from numpy.typing import NDArray

from connectors.sources.scene.figures import Picture, draw_face, draw_limbs, walker
from connectors.sources.scene.script import Part, Script

WIDTH_PX, HEIGHT_PX = 640, 360
FEET_PX = 330.0
STEPS_A_SECOND = 0.95
FIGURE_PX = 230.0
FACE_PX = 190.0
LOUD = 6000.0  # level of speech at which the mouth is open


def room() -> Picture:
    """A wall, a floor and a picture on the wall, with the grain of a camera."""
    picture = np.full((HEIGHT_PX, WIDTH_PX, 3), (178, 184, 188), np.float64)
    picture *= np.linspace(1.06, 0.94, WIDTH_PX)[None, :, None]
    picture[285:] = (120, 128, 136)
    picture[279:285] = (150, 156, 160)
    picture[60:110, 500:580] = (130, 140, 150)
    picture[65:105, 505:575] = (150, 170, 160)
    grain = np.random.default_rng(7).normal(0.0, 3.0, picture.shape[:2])
    return np.clip(picture + grain[:, :, None], 0, 255).astype(np.uint8)


class Pictures:
    """Draws any moment of a script; the mouth follows the sound."""

    def __init__(self, script: Script, track: NDArray[np.int16], rate_hz: int) -> None:
        self._script = script
        self._track, self._rate_hz = track, rate_hz
        self._room = room()

    def at(self, time_s: float) -> Picture:
        """The picture at a moment, blue-green-red bytes (360, 640, 3)."""
        import cv2

        picture = self._room.copy()
        part = self._script.at(time_s)
        since_s = time_s - part.begin_s
        match part.shot:
            case "walk":
                self._walk(picture, part, since_s)
            case "face":
                sway = 4.0 * np.sin(1.3 * since_s)
                draw_face(picture, 320.0 + sway, 170.0, FACE_PX, self._mouth(time_s), since_s % 3.7 > 3.55)
            case "stage" | "leave":
                self._two(picture, since_s, part.shot == "leave")
            case "room":
                pass
        return np.asarray(cv2.GaussianBlur(picture, (3, 3), 0), np.uint8)

    def _walk(self, picture: Picture, part: Part, since_s: float) -> None:
        """From outside on the left to the middle, where the figure waits a little."""
        reached = min(1.0, since_s / (0.85 * (part.end_s - part.begin_s)))
        phase = STEPS_A_SECOND * since_s if reached < 1.0 else 0.08
        draw_limbs(picture, walker(phase), -40.0 + 400.0 * reached, FEET_PX, FIGURE_PX)

    def _two(self, picture: Picture, since_s: float, leaving: bool) -> None:
        """Two figures that stand, or walk off to the right."""
        for x_px, delay_s in ((260.0, 0.9), (400.0, 0.0)):
            gone_s = max(0.0, since_s - delay_s) if leaving else 0.0
            phase = STEPS_A_SECOND * gone_s + 0.08
            draw_limbs(picture, walker(phase), x_px + 110.0 * gone_s, FEET_PX, FIGURE_PX)

    def _mouth(self, time_s: float) -> float:
        begin = max(0, round((time_s - 0.02) * self._rate_hz))
        level = float(np.abs(self._track[begin : begin + self._rate_hz // 25].astype(np.float64)).mean())
        return min(1.0, level * 2.5 / LOUD)
