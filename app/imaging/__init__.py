"""Bytes -> the 28x28 array that a network sees. NumPy and image libraries only."""

from app.imaging.decode import Picture, decode, is_tiny
from app.imaging.errors import (
    CorruptImage,
    EmptyFile,
    ImageError,
    ImageTooLarge,
    ImagingFailed,
    NoInkFound,
    UnsupportedImage,
)
from app.imaging.geometry import GEOMETRIES, SIDE, Geometry
from app.imaging.ink import Ink, Polarity, find_ink
from app.imaging.pipeline import (
    PREPROCESSING_VERSION,
    NetworkInput,
    frame_ink,
    ink_of_picture,
    prepare,
    prepare_pixels,
)

__all__ = [
    "GEOMETRIES",
    "PREPROCESSING_VERSION",
    "SIDE",
    "CorruptImage",
    "EmptyFile",
    "Geometry",
    "ImageError",
    "ImageTooLarge",
    "ImagingFailed",
    "Ink",
    "NetworkInput",
    "NoInkFound",
    "Picture",
    "Polarity",
    "UnsupportedImage",
    "decode",
    "find_ink",
    "frame_ink",
    "ink_of_picture",
    "is_tiny",
    "prepare",
    "prepare_pixels",
]
