"""The way of images to the network, several at once, with what each of them spent in which stage."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

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

#: From bytes to pixels, to ink, to the network's frame.
STEPS = 3


class Preparation:
    """One image on its way, which ends at the network's input or at what is wrong with the image.

    It holds what the last step came to and nothing of those before, which may be a thousand times the file.

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
        self.seconds = {Stage.WAIT: 0.0}
        self._at: bytes | Picture | tuple[Ink, Picture] | NetworkInput | ImageError = data
        self._geometry = geometry
        self._polarity = polarity
        self._max_pixels = max_pixels
        self._since = called

    @property
    def found(self) -> NetworkInput | ImageError:
        """What the way ended at, once it has."""
        assert isinstance(self._at, (NetworkInput, ImageError))
        return self._at

    def take_step(self) -> None:
        """Take the next step, unless the way has ended."""
        if isinstance(self._at, (NetworkInput, ImageError)):
            return
        stage = Stage.DECODE if isinstance(self._at, bytes) else Stage.INK
        began = time.monotonic()
        self.seconds[Stage.WAIT] += began - self._since
        try:
            self._at = self._next()
        except ImageError as error:
            # It would hold this, and so itself, until Python looks for garbage.
            self._at = error.with_traceback(None)
        except Exception as error:
            self._at = ImagingFailed("Inkling itself failed on this image.")
            self._at.__cause__ = error
        self._since = time.monotonic()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + self._since - began

    def _next(self) -> Picture | tuple[Ink, Picture] | NetworkInput:
        at = self._at
        if isinstance(at, bytes):
            return decode(at, max_pixels=self._max_pixels)
        if isinstance(at, Picture):
            return ink_of_picture(at, self._polarity), at
        assert isinstance(at, tuple)
        return frame_ink(*at, self._geometry)


def steps_together(images: Sequence[Preparation]) -> Iterator[None]:
    """Take images to the end of their way, each one step before any takes the next, and yield after every one.

    One image after the other, tiny ones take a quarter longer: a processor's nearest cache has no room for the code of
    all steps.
    """
    for _ in range(STEPS):
        for image in images:
            image.take_step()
            yield


def prepare_together(images: Sequence[Preparation]) -> None:
    """Take images to the end of their way at one go."""
    for _ in steps_together(images):
        pass
