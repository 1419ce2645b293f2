"""Signs and small drawings that are no character of any class, for networks to be unsure of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sign:
    """One of them.

    shape: as in `training.shapes`.
    curved: whether the lines between its points are.
    like: labels of the classes that it passes for in a hasty hand; a network that knows one of them does not learn to
        be unsure of it. No sign passes for a digit: a cloud or a lozenge would for a 0, a tick for a 1.
    """

    shape: str
    curved: bool
    like: str = ""


SIGNS: dict[str, Sign] = {
    "heart": Sign("50,100 4,46 8,10 30,0 50,24 70,0 94,10 96,46 50,100", curved=True),
    "face": Sign(
        "50,0 14,16 0,50 14,86 50,100 86,86 100,50 86,16 50,0 | 32,32 33,38 | 66,32 67,38 | 24,62 38,78 62,78 76,62",
        curved=True,
    ),
    "ampersand": Sign("92,100 20,26 22,6 40,0 56,12 50,30 12,62 8,86 30,100 60,88 86,54", curved=True),
    "question mark": Sign("10,22 24,2 50,0 66,18 60,38 38,54 36,72 | 36,94 37,99", curved=True),
    "at sign": Sign(
        "66,36 46,30 32,48 38,66 56,64 66,36 64,66 80,68 96,46 86,14 50,0 14,16 0,52 16,88 52,100 84,88",
        curved=True,
    ),
    "percent sign": Sign("84,0 12,100 | 22,4 8,16 18,32 34,22 22,4 | 76,66 62,80 74,98 90,86 76,66", curved=True),
    "spiral": Sign(
        "50,50 58,44 62,56 48,64 34,50 46,30 72,34 80,60 54,84 20,70 14,36 44,10 86,16 100,54",
        curved=True,
    ),
    "sun": Sign(
        "50,28 32,36 28,54 40,70 60,70 72,54 66,36 50,28 | 50,0 50,14 | 50,86 50,100 | 0,50 14,50 | 86,50 100,50 | "
        "14,14 24,24 | 86,14 76,24 | 14,86 24,76 | 86,86 76,76",
        curved=True,
    ),
    "dollar sign": Sign("80,18 50,6 20,22 36,46 66,56 80,76 50,94 18,80 | 50,0 50,100", curved=True, like="S"),
    "infinity": Sign("50,50 24,20 2,50 24,80 50,50 76,20 98,50 76,80 50,50", curved=True),
    "wave": Sign("0,60 16,34 34,44 50,60 66,70 84,64 100,38", curved=True, like="N"),
    "exclamation mark": Sign("50,0 50,70 | 50,94 51,99", curved=False, like="I"),
    "star": Sign("50,0 78,96 4,36 96,36 22,96 50,0", curved=False),
    "outlined star": Sign("50,0 62,36 100,36 70,58 80,96 50,74 20,96 30,58 0,36 38,36 50,0", curved=False),
    "arrow": Sign("0,50 100,50 | 70,24 100,50 70,76", curved=False),
    "arrow down": Sign("50,0 50,100 | 24,70 50,100 76,70", curved=False),
    "hash": Sign("34,0 22,100 | 74,0 62,100 | 4,34 96,34 | 0,68 92,68", curved=False, like="H"),
    "equals sign": Sign("0,36 100,36 | 0,66 100,66", curved=False),
    "plus": Sign("50,0 50,100 | 0,50 100,50", curved=False, like="t"),
    "asterisk": Sign("50,0 50,100 | 6,24 94,76 | 94,24 6,76", curved=False, like="X"),
    "square": Sign("4,4 4,96 96,96 96,4 4,4", curved=False, like="DO"),
    "crossed square": Sign("4,4 4,96 96,96 96,4 4,4 | 20,20 80,80 | 80,20 20,80", curved=False),
    "triangle": Sign("50,0 0,90 100,90 50,0", curved=False, like="AD"),
    "house": Sign("10,100 10,44 50,0 90,44 90,100 10,100 | 38,100 38,66 62,66 62,100", curved=False),
    "bolt": Sign("60,0 20,56 52,52 36,100 84,38 50,42 60,0", curved=False, like="Z"),
    "zigzag": Sign("0,70 14,30 28,70 42,30 56,70 70,30 84,70 98,30", curved=False, like="MW"),
    "stick figure": Sign(
        "50,0 40,4 38,14 46,24 56,22 62,10 50,0 | 50,24 50,64 | 50,64 26,100 | 50,64 74,100 | 18,40 82,40",
        curved=False,
    ),
}
