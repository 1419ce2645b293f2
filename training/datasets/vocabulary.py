"""The classes of each data set, in the order of its labels."""

from __future__ import annotations

import string

from app.artifacts import CharacterClass

#: Letters whose upper and lower case EMNIST's merged splits put in one class (Cohen et al. 2017, section II-C).
MERGED_LETTERS = "CIJKLMOPSUVWXYZ"


def _single(characters: str) -> tuple[CharacterClass, ...]:
    return tuple(CharacterClass(label=c, characters=(c,)) for c in characters)


DIGITS = _single(string.digits)
#: 62 classes: digits, capitals, small letters.
BY_CLASS = _single(string.digits + string.ascii_uppercase + string.ascii_lowercase)
#: 47 classes: digits, capitals (the merged ones standing for both cases), the eleven small letters that look different.
MERGED = (
    DIGITS
    + tuple(
        CharacterClass(label=c, characters=(c, c.lower()) if c in MERGED_LETTERS else (c,))
        for c in string.ascii_uppercase
    )
    + _single("".join(c for c in string.ascii_lowercase if c.upper() not in MERGED_LETTERS))
)
#: 26 classes, both cases each.
LETTERS = tuple(CharacterClass(label=c, characters=(c, c.lower())) for c in string.ascii_uppercase)
