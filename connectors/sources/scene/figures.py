"""People-like figures for the rendered scene: a walker that a people classifier knows, and a face."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Colour = tuple[int, int, int]  # blue, green, red

SKIN, HAIR = (140, 172, 214), (38, 44, 58)
SHIRT, TROUSERS, SHOES = (52, 40, 36), (44, 38, 40), (24, 24, 28)
SUB = 4  # bits of a pixel's fraction in coordinates


@dataclass(frozen=True, slots=True)
class Limb:
    """A stroke of a figure, in units of its height from its feet: from, to, thickness, colour."""

    x0: float
    y0: float
    x1: float
    y1: float
    wide: float
    colour: Colour


def walker(phase: float) -> tuple[Limb, ...]:
    """A person walking to the right, seen from the side; `phase` counts steps (one full stride is 1)."""
    swing = 0.11 * math.sin(2 * math.pi * phase)
    bob = 0.008 * math.cos(4 * math.pi * phase)
    hip, shoulder, head = 0.50 + bob, 0.80 + bob, 0.925 + bob
    limbs: list[Limb] = []
    for side, tone in ((-1.0, 0.8), (1.0, 1.0)):
        step, arm = side * swing, -side * swing * 0.8
        lift = 0.03 * max(0.0, -side * math.cos(2 * math.pi * phase))
        x_hip = side * 0.022
        knee = (x_hip + step * 0.65 + 0.012, 0.27 + lift)
        foot = (x_hip + step * 1.25, 0.045 + lift)
        trousers, shirt = _shade(TROUSERS, tone), _shade(SHIRT, tone)
        limbs += [
            Limb(x_hip, hip, *knee, 0.095, trousers),
            Limb(*knee, *foot, 0.07, trousers),
            Limb(foot[0] - 0.01, 0.025 + lift, foot[0] + 0.05, 0.022 + lift, 0.04, _shade(SHOES, tone)),
            Limb(side * 0.075, shoulder - 0.02, side * 0.095 + arm * 0.5, 0.63, 0.062, shirt),
            Limb(side * 0.095 + arm * 0.5, 0.63, side * 0.09 + arm, 0.49, 0.05, shirt),
            Limb(side * 0.09 + arm, 0.485, side * 0.09 + arm, 0.46, 0.045, SKIN),
        ]
    return (
        *limbs,
        Limb(0.0, hip + 0.02, 0.0, shoulder - 0.05, 0.17, SHIRT),
        Limb(-0.055, shoulder - 0.025, 0.055, shoulder - 0.025, 0.085, SHIRT),
        Limb(0.0, shoulder, 0.0, head - 0.03, 0.055, SKIN),
        Limb(0.0, head - 0.015, 0.004, head + 0.012, 0.098, SKIN),
        Limb(-0.014, head + 0.028, -0.002, head + 0.034, 0.08, HAIR),
    )


def draw_limbs(picture: Picture, limbs: tuple[Limb, ...], x_px: float, feet_px: float, height_px: float) -> None:
    """The figure into the picture, its feet at (x, feet), with soft edges."""
    import cv2

    def at(x: float, y: float) -> tuple[int, int]:
        return round((x_px + x * height_px) * 2**SUB), round((feet_px - y * height_px) * 2**SUB)

    shadow = picture.copy()
    axes = (round(0.2 * height_px * 2**SUB), round(0.025 * height_px * 2**SUB))
    cv2.ellipse(shadow, at(0.03, 0.01), axes, 0, 0, 360, (96, 100, 104), -1, cv2.LINE_AA, SUB)
    cv2.addWeighted(shadow, 0.5, picture, 0.5, 0, dst=picture)
    for limb in limbs:
        wide = max(1, round(limb.wide * height_px))
        cv2.line(picture, at(limb.x0, limb.y0), at(limb.x1, limb.y1), limb.colour, wide, cv2.LINE_AA, SUB)


def draw_face(picture: Picture, x_px: float, y_px: float, height_px: float, mouth: float, blink: bool) -> None:
    """A face with shoulders, centred at (x, y), chin to crown `height_px`; `mouth` is how far open (0 … 1)."""
    import cv2

    def blob(x: float, y: float, wide: float, high: float, colour: Colour, turn: float = 0.0) -> None:
        centre = (round((x_px + x * height_px) * 2**SUB), round((y_px + y * height_px) * 2**SUB))
        axes = (max(1, round(wide * height_px * 2**SUB)), max(1, round(high * height_px * 2**SUB)))
        cv2.ellipse(picture, centre, axes, turn, 0, 360, colour, -1, cv2.LINE_AA, SUB)

    blob(0, 1.06, 0.74, 0.48, (74, 58, 50))  # shoulders
    blob(0, 0.50, 0.17, 0.22, _shade(SKIN, 0.82))  # neck
    blob(0, -0.07, 0.43, 0.54, HAIR)
    blob(0, 0.02, 0.365, 0.50, _shade(SKIN, 0.93))
    blob(0, -0.02, 0.33, 0.44, SKIN)
    blob(0, -0.28, 0.24, 0.13, _shade(SKIN, 1.08))  # forehead
    for side in (-1, 1):
        blob(side * 0.155, -0.075, 0.105, 0.062, _shade(SKIN, 0.68))  # socket
        blob(side * 0.155, -0.155, 0.10, 0.022, HAIR, side * -1.5)
        if not blink:
            blob(side * 0.155, -0.068, 0.068, 0.030, (228, 232, 236))
            blob(side * 0.155, -0.068, 0.030, 0.030, (40, 44, 62))
        blob(side * 0.155, -0.098, 0.075, 0.014, (52, 58, 78))
        blob(side * 0.20, 0.12, 0.105, 0.085, _shade(SKIN, 1.07))  # cheek
        blob(side * 0.045, 0.115, 0.028, 0.018, _shade(SKIN, 0.62))  # nostril
    blob(0, -0.02, 0.035, 0.125, _shade(SKIN, 1.12))  # bridge of the nose
    blob(0, 0.085, 0.052, 0.035, _shade(SKIN, 1.06))
    blob(0, 0.255, 0.125, 0.030 + 0.045 * mouth, (92, 92, 168))  # lips
    blob(0, 0.255, 0.100, 0.008 + 0.040 * mouth, (38, 30, 62))
    blob(0, 0.375, 0.11, 0.05, _shade(SKIN, 1.05))  # chin


def _shade(colour: Colour, by: float) -> Colour:
    blue, green, red = (min(255, round(c * by)) for c in colour)
    return blue, green, red
