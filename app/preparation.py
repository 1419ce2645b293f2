"""The way of images to the network, several at once, with what each of them spent in which stage."""

from __future__ import annotations

import time
from collections.abc import Sequence

from app.imaging import (
    Geometry,
    ImageError,
    ImagingFailed,
    Ink,
    NetworkInput,
    Picture,
    Polarity,
    decode,
    frame_ink,
    ink_of_picture,
)
from app.observer import Stage


class Preparation:
    """One image on its way, which ends at the network's input or at what is wrong with the image.

    seconds: that it spent in each stage.
    """

    def __init__(self, data: bytes, geometry: Geometry, polarity: Polarity, *, max_pixels: int, called: float) -> None:
        """Begin with the bytes of a file.

        Args:
            data: the file's.
            geometry: the frame that the network was trained on.
            polarity: overrules the detection unless `AUTO`.
            max_pixels: the most that will be decoded.
            called: since when it waits, on the clock of `time.monotonic`.
        """
        self._found: NetworkInput | ImageError | None = None
        self.seconds: dict[Stage, float] = {}
        self._data = data
        self._geometry = geometry
        self._polarity = polarity
        self._max_pixels = max_pixels
        self._called = called
        self._picture: Picture
        self._ink: Ink

    @property
    def found(self) -> NetworkInput | ImageError:
        """What the way ended at."""
        assert self._found is not None, "The image has not been prepared."
        return self._found

    def decode(self) -> None:
        """Decode the file."""
        began = time.monotonic()
        self.seconds[Stage.WAIT] = began - self._called
        try:
            self._picture = decode(self._data, max_pixels=self._max_pixels)
        except Exception as error:
            self._fail(error)
        self.seconds[Stage.DECODE] = time.monotonic() - began

    def find_ink(self) -> None:
        """Find what is written in the picture, if it could be decoded."""
        if self._found is None:
            began = time.monotonic()
            try:
                self._ink = ink_of_picture(self._picture, self._polarity)
            except Exception as error:
                self._fail(error)
            self.seconds[Stage.INK] = time.monotonic() - began

    def frame(self) -> None:
        """Bring the ink into the network's frame, if there is any."""
        if self._found is None:
            began = time.monotonic()
            try:
                self._found = frame_ink(self._ink, self._picture, self._geometry)
            except Exception as error:
                self._fail(error)
            self.seconds[Stage.INK] += time.monotonic() - began

    def _fail(self, error: Exception) -> None:
        if not isinstance(error, ImageError):
            defect, error = error, ImagingFailed("Inkling itself failed on this image.")
            error.__cause__ = defect
        self._found = error


def prepare(images: Sequence[Preparation]) -> None:
    """Take images to the end of their way, all of them through one stage before the next.

    One after the other, tiny ones take a quarter longer: a processor's nearest cache has no room for the code of all
    stages.
    """
    for image in images:
        image.decode()
    for image in images:
        image.find_ink()
    for image in images:
        image.frame()
