"""Shapes of characters that many hands write and the data sets' writers, asked to print, seldom did."""

from __future__ import annotations

#: Class label to the shapes that its characters may take. A shape is strokes, and a stroke points "x,y", in hundredths
#: of the character's height, y downwards.
SHAPES: dict[str, tuple[str, ...]] = {
    # A 1 with a flag, without and with a foot.
    "1": ("2,30 34,0 | 34,0 34,100", "4,28 34,0 | 34,0 34,100 | 6,100 64,98"),
    # A 2 with a loop at its foot.
    "2": ("8,22 32,0 58,14 50,46 14,88 8,76 24,74 48,92 84,94",),
    # A 3 with a flat top, and one that curls.
    "3": (
        "6,4 62,2 | 62,2 30,38 | 30,38 66,54 62,88 32,100 2,86",
        "8,20 30,0 58,14 44,40 26,44 60,54 66,84 36,100 8,88 14,74",
    ),
    # A 4 that is open at the top, its bar in one stroke with the arm; and one that leans back.
    "4": (
        "14,0 8,52 | 8,52 70,50 | 62,22 58,100",
        "20,0 6,44 30,54 62,40 | 66,0 58,50 54,100",
        "56,0 0,62 | 0,62 88,58 | 66,26 58,100",
    ),
    # A 5 whose bar came last and stands off, and one with a large bowl.
    "5": (
        "22,6 18,44 | 18,44 58,42 68,72 44,98 6,92 | 26,0 84,2",
        "12,2 8,36 | 8,36 50,30 72,64 52,98 10,94 | 12,2 66,0",
    ),
    # A 6 with a small bowl and one with a large.
    "6": ("54,0 20,38 8,78 30,100 56,86 48,64 14,76", "62,6 30,0 8,44 14,86 40,100 68,76 52,44 12,60"),
    # An 8 begun at the top right and left open there, and one of two circles.
    "8": (
        "70,12 40,0 16,18 40,44 70,66 58,98 22,96 14,74 44,46 78,16",
        "40,0 18,20 40,44 62,22 40,0 | 40,44 8,72 38,100 72,74 40,44",
    ),
    # A 9 with a hook, and one on a straight leg.
    "9": ("66,12 36,0 10,24 30,46 64,24 | 66,8 64,74 48,98 24,96", "62,10 32,0 10,22 30,44 60,24 | 62,6 60,100"),
    # An f with a hook and a bar, two whose top closes to a loop, and a cursive one.
    "f": (
        "72,10 56,0 40,14 38,50 36,100 | 10,44 66,41",
        "34,100 34,30 42,6 64,2 72,16 58,34 34,40 | 10,60 62,56",
        "30,100 32,30 34,4 | 34,8 60,0 76,18 60,38 34,42 | 6,66 62,62",
        "5,55 36,42 56,12 48,0 36,18 34,92 22,100 14,88 30,64 62,50",
    ),
    # A g of two bowls, and one with a looped tail.
    "g": (
        "56,8 30,0 14,18 30,36 54,24 56,6 | 32,36 18,50 56,62 56,92 24,100 8,84 34,64",
        "58,10 30,0 8,22 28,44 58,22 | 60,4 58,74 36,100 16,86 40,64 84,46",
    ),
    # An H of two curved posts, and one with a bar that rises to the right post's top.
    "H": (
        "0,12 20,2 26,46 8,98 | 84,0 64,36 66,86 88,98 | 24,52 66,48",
        "8,8 4,100 | 4,62 34,50 62,56 | 70,0 62,54 66,100",
    ),
    # An i with its dot, straight, with strokes that lead in and on, and with a ring for a dot; an I between serifs.
    "I": (
        "50,34 50,100 | 50,0 51,4",
        "42,38 50,34 50,88 58,100 72,92 | 50,0 51,4",
        "32,60 50,34 48,88 58,100 74,88 | 52,2 53,6",
        "50,34 50,100 | 52,0 60,6 54,14 45,10 46,2 52,0",
        "8,0 64,2 | 38,0 34,100 | 4,98 62,100",
    ),
    # A j with its dot, straight and looped; a J under a bar, one that curls, and one of both.
    "J": (
        "50,30 50,80 36,100 10,94 | 52,0 53,4",
        "44,30 46,82 28,100 12,88 36,70 78,54 | 46,0 47,4",
        "10,2 85,0 | 55,0 55,75 40,100 12,94 5,72",
        "60,0 60,70 40,100 10,92 6,72 24,64 34,78",
        "14,4 78,0 | 54,2 56,72 36,100 8,88 14,66 34,70",
    ),
    # A looped l with and without the stroke that leads in, one with a hook, and one led up to and away from.
    "L": (
        "0,85 25,62 45,25 42,2 28,8 20,45 20,82 34,100 55,86",
        "22,62 42,25 40,2 26,8 18,45 20,84 34,100 52,90",
        "20,0 20,84 32,100 50,90",
        "0,96 30,58 50,0 | 50,0 48,76 62,100 92,88",
    ),
    # An n that leads in and on, one with a stroke up to it, and an m of the same hand.
    "n": (
        "2,22 14,4 18,30 18,100 | 18,42 44,4 66,22 66,82 78,100 96,88",
        "0,70 20,6 | 20,6 20,98 | 20,56 52,6 62,30 60,86 76,100 100,84",
    ),
    "M": ("0,30 12,4 18,30 18,100 | 18,44 44,4 60,26 60,98 | 60,44 86,4 102,26 102,84 114,100 132,88",),
    # A q with a flick, and one whose tail comes back.
    "q": ("62,10 34,0 8,24 26,50 60,20 | 62,4 62,100 84,78", "58,8 30,0 8,22 28,46 58,20 | 60,4 58,96 72,92 86,58"),
    # A cursive r with its shoulder, on a straight leg and on one that leads on, and with a small one; a print r with
    # a hanging arm, and one with an arm that curls.
    "r": (
        "5,5 10,30 12,100 | 12,22 35,8 75,6 | 75,6 72,50 74,100",
        "5,100 20,8 | 20,8 45,14 78,10 | 78,10 72,50 74,88 86,100 100,90",
        "0,92 26,20 34,0 42,16 76,14 | 76,14 66,60 72,96 100,84",
        "10,2 12,100 | 12,40 30,12 60,0 80,12 80,28",
        "14,2 12,100 | 14,40 34,6 62,4 70,28 48,44 | 48,44 60,52 84,46",
    ),
    # A cursive s, pointed at its top, and printed ones with a stroke that leads in or closes the bowl.
    "S": (
        "0,92 34,46 50,0 | 50,0 56,36 80,72 60,98 20,92",
        "62,12 44,0 22,14 30,42 58,62 60,90 34,100 12,86 30,74",
        "0,72 30,50 62,4 | 62,4 42,2 36,20 66,58 58,92 24,100 6,84 36,70",
        "66,10 40,0 20,18 36,42 64,62 60,92 30,100 10,84 16,68 40,64",
    ),
    # A t that leads in and on.
    "t": ("0,76 26,40 38,0 | 38,0 34,84 50,100 78,84 | 8,32 66,28",),
    # A u with strokes that lead in and on.
    "U": ("0,34 14,6 10,76 28,100 54,74 64,6 | 64,6 62,84 76,100 100,86",),
    # A v like a tick.
    "V": ("0,22 14,8 34,100 | 34,100 66,10 104,2",),
    # A cursive x of two bows, touching and crossed.
    "X": (
        "0,18 22,0 42,22 42,78 20,100 0,88 | 90,12 70,0 46,24 44,76 66,100 90,86",
        "0,22 18,2 38,30 52,74 70,100 98,82 | 90,4 54,38 34,76 4,100",
    ),
    # A y that begins as a u, its tail straight or looped.
    "Y": ("4,4 8,36 34,46 60,8 | 62,2 54,72 30,100 6,92", "0,8 8,38 36,44 58,4 | 60,2 54,74 34,100 18,86 40,66 84,50"),
    # A z with a bar, one with a loop at its foot, and one with a tail.
    "Z": (
        "8,6 74,2 | 74,2 10,96 | 10,96 80,94 | 22,52 64,46",
        "8,14 34,0 60,12 46,48 12,90 8,76 26,74 52,96 86,90",
        "8,14 32,0 56,14 44,40 18,52 | 18,52 50,54 58,78 38,100 18,90 42,72 84,60",
    ),
}
