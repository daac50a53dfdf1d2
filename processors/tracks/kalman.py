"""Where a box is and will be: a Kalman filter over centre x, centre y, aspect (width / height) and height,
each with a constant velocity per step; noise grows with the box's height. As in DeepSORT (Wojke et al., 2017)
and ByteTrack (Zhang et al., 2022).

All noise of that filter is independent per axis, so that its 8 × 8 covariance never has anything outside four
2 × 2 blocks: four filters of two numbers are the same filter, in plain floats, the same on every machine.
"""

from dataclasses import dataclass, replace

POSITION, VELOCITY = 1 / 20, 1 / 160  # standard deviations as shares of the height
ASPECT_POSITION, ASPECT_VELOCITY, ASPECT_SEEN = 1e-2, 1e-5, 1e-1  # the aspect hardly moves
Corners = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Axis:
    """One quantity: position, velocity per step, and their variances and covariance."""

    at: float
    speed: float
    var_at: float
    cov: float
    var_speed: float

    def predicted(self, noise_at: float, noise_speed: float) -> "Axis":
        """One step later; the noises are standard deviations."""
        return Axis(
            self.at + self.speed,
            self.speed,
            self.var_at + 2 * self.cov + self.var_speed + noise_at**2,
            self.cov + self.var_speed,
            self.var_speed + noise_speed**2,
        )

    def corrected(self, seen: float, noise: float) -> "Axis":
        """After a measurement with that standard deviation."""
        total = self.var_at + noise**2
        gain_at, gain_speed = self.var_at / total, self.cov / total
        off = seen - self.at
        return Axis(
            self.at + gain_at * off,
            self.speed + gain_speed * off,
            self.var_at - gain_at * gain_at * total,
            self.cov - gain_at * gain_speed * total,
            self.var_speed - gain_speed * gain_speed * total,
        )


@dataclass(frozen=True, slots=True)
class Motion:
    """A box in motion."""

    x: Axis
    y: Axis
    aspect: Axis
    height: Axis

    @property
    def corners(self) -> Corners:
        """The box as x1, y1, x2, y2."""
        half_w, half_h = self.aspect.at * self.height.at / 2, self.height.at / 2
        return (self.x.at - half_w, self.y.at - half_h, self.x.at + half_w, self.y.at + half_h)


def _seen(box: Corners) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = box
    return (x1 + x2) / 2, (y1 + y2) / 2, (x2 - x1) / (y2 - y1), y2 - y1


def begin(box: Corners) -> Motion:
    """Motion of a box seen once; it must have a height."""
    x, y, aspect, height = _seen(box)
    var_at, var_speed = (2 * POSITION * height) ** 2, (10 * VELOCITY * height) ** 2
    return Motion(
        Axis(x, 0.0, var_at, 0.0, var_speed),
        Axis(y, 0.0, var_at, 0.0, var_speed),
        Axis(aspect, 0.0, ASPECT_POSITION**2, 0.0, ASPECT_VELOCITY**2),
        Axis(height, 0.0, var_at, 0.0, var_speed),
    )


def predict(motion: Motion, *, lost: bool) -> Motion:
    """One step later. What is lost keeps its height: it would shrink or grow without end."""
    at, speed = POSITION * motion.height.at, VELOCITY * motion.height.at
    height = replace(motion.height, speed=0.0) if lost else motion.height
    return Motion(
        motion.x.predicted(at, speed),
        motion.y.predicted(at, speed),
        motion.aspect.predicted(ASPECT_POSITION, ASPECT_VELOCITY),
        height.predicted(at, speed),
    )


def correct(motion: Motion, box: Corners) -> Motion:
    """After the box was seen there."""
    x, y, aspect, height = _seen(box)
    noise = POSITION * motion.height.at
    return Motion(
        motion.x.corrected(x, noise),
        motion.y.corrected(y, noise),
        motion.aspect.corrected(aspect, ASPECT_SEEN),
        motion.height.corrected(height, noise),
    )
