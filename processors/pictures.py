"""JPEG bytes to a picture, or the reason why there is none."""

import numpy as np
import simplejpeg
from numpy.typing import NDArray

from processors.station import Rejected

Picture = NDArray[np.uint8]
"""height × width × 3, blue green red."""

MAX_MEGAPIXELS = 40.0


def decode(image: bytes, max_megapixels: float = MAX_MEGAPIXELS) -> Picture | Rejected:
    """The picture that a JPEG holds. Its size is read from the header first: a picture bomb costs nothing."""
    if not image:
        return Rejected("the frame holds no picture")
    try:
        height, width, _, _ = simplejpeg.decode_jpeg_header(image)
        if height * width > max_megapixels * 1e6:
            return Rejected(f"a picture of {width}x{height} is larger than {max_megapixels:g} megapixels")
        picture: Picture = simplejpeg.decode_jpeg(image, colorspace="BGR")
    except ValueError as error:
        return Rejected(f"not a whole JPEG: {error}"[:200])
    return picture
