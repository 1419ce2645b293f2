"""Bytes -> the 28x28 array that a network sees. NumPy and image libraries only."""

from app.imaging.errors import CorruptImage, EmptyFile, ImageError, ImageTooLarge, NoInkFound, UnsupportedImage
from app.imaging.geometry import GEOMETRIES, Geometry
from app.imaging.ink import Polarity
from app.imaging.pipeline import PREPROCESSING_VERSION, NetworkInput, prepare, prepare_pixels

__all__ = [
    "GEOMETRIES",
    "PREPROCESSING_VERSION",
    "CorruptImage",
    "EmptyFile",
    "Geometry",
    "ImageError",
    "ImageTooLarge",
    "NetworkInput",
    "NoInkFound",
    "Polarity",
    "UnsupportedImage",
    "prepare",
    "prepare_pixels",
]
