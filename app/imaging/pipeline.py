"""The way of one image: decode, ink, geometry. Serving and training call the same functions."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from app.imaging.clear import find_clear
from app.imaging.decode import Picture, decode
from app.imaging.errors import NoInkFound
from app.imaging.geometry import Geometry
from app.imaging.ink import Ink, Polarity, find_ink

# Pictures are small and many are read at once: OpenCV's own threads take twice the CPU time for nothing.
cv2.setNumThreads(1)

#: Raised whenever an image in a data set's own frame, or a plain drawing, comes out with other pixels; a test holds
#: them. Photos, and writing that is small in its picture, may be read better under the same version, also by models
#: whose training pages were read a little worse: what such a page leaves still looks like writing to them. An artifact
#: stores the version, and a model trained under another one refuses to load.
PREPROCESSING_VERSION = 1


@dataclass(frozen=True)
class NetworkInput:
    """What the network sees of one image.

    pixels: float32 [28, 28] in 0..1, white ink on black, upright.
    box: (left, top, right, bottom) of the writing in the upload's pixels, after EXIF orientation.
    polarity: how the ink stood in the upload.
    alone: whether the upload shows one character, as far as its marks tell.
    """

    pixels: npt.NDArray[np.float32]
    box: tuple[int, int, int, int]
    polarity: Polarity
    alone: bool


def prepare(data: bytes, geometry: Geometry, *, max_pixels: int, polarity: Polarity = Polarity.AUTO) -> NetworkInput:
    """Turn an uploaded file into network input.

    Args:
        data: the file's bytes.
        geometry: the frame the network was trained on.
        max_pixels: the most pixels that will be decoded.
        polarity: overrules the detection unless `AUTO`.

    Raises:
        ImageError: the file cannot be recognised; see `app.imaging.errors`.
    """
    picture = decode(data, max_pixels=max_pixels)
    return frame_ink(ink_of_picture(picture, polarity), picture, geometry)


def ink_of_picture(picture: Picture, polarity: Polarity = Polarity.AUTO) -> Ink:
    """Find what is written in a decoded upload.

    Args:
        picture: from `decode`.
        polarity: overrules the detection unless `AUTO`.

    Raises:
        NoInkFound: no character stands out from the page.
    """
    try:
        return find_clear(picture.pixels, polarity) or find_ink(picture.pixels, polarity)
    except NoInkFound as error:
        if polarity is Polarity.AUTO:
            raise
        side = "darker" if polarity is Polarity.DARK_ON_LIGHT else "lighter"
        raise NoInkFound(
            f"{error} Looked for was only what is {side} than the page, as the chosen polarity asks."
        ) from error


def frame_ink(ink: Ink, picture: Picture, geometry: Geometry) -> NetworkInput:
    """Bring what is written into the frame that a network was trained on.

    Args:
        ink: from `ink_of_picture`.
        picture: that it was found in.
        geometry: of the frame.

    Raises:
        NoInkFound: it is too thin to be seen there.
    """
    left, top, right, bottom = (round(side) for side in ink.box_within(*picture.size))
    return NetworkInput(geometry.frame(ink), (left, top, right, bottom), ink.polarity, ink.alone)


def prepare_pixels(pixels: npt.NDArray[np.uint8], geometry: Geometry) -> npt.NDArray[np.float32]:
    """Turn decoded pixels into network input: what training does with every image of a data set.

    Args:
        pixels: uint8 [height, width], 0 black to 255 white, either polarity.
        geometry: the frame the network is trained on.

    Returns:
        float32 [28, 28] in 0..1, equal to the last bit to what `prepare` makes of the same pixels in a PNG; of sides
        from 1,024 pixels on, which `decode` reduces before, to a grey level or two.

    Raises:
        NoInkFound: no character stands out from the page.
    """
    return geometry.frame(find_clear(pixels) or find_ink(pixels))
