"""What can be wrong with an image, as a small hierarchy. The API turns each into one problem document."""

from __future__ import annotations


class ImageError(Exception):
    """The image cannot be recognised. The message is written for the person who sent it."""


class EmptyFile(ImageError):
    """There are no bytes."""


class UnsupportedImage(ImageError):
    """Not an image, not one of the accepted formats, or more than one frame."""


class ImageTooLarge(ImageError):
    """More pixels than the service is set to decode."""


class CorruptImage(ImageError):
    """The bytes announce an accepted format and then break off or lie."""


class ImagingFailed(ImageError):
    """A defect of ours shows at this image; the cause tells it. No other image pays for it."""


class NoInkFound(ImageError):
    """No character stands out: the page is blank, or all texture or noise.

    among_squares: whether the page has squares, among which small writing may not be told from them.
    """

    among_squares = False
