"""What the programs send where any digit will do: a seven."""

from __future__ import annotations

from tests.load.generator import upload
from tests.strokes import draw, encode

PATH = "/predict/digit"
#: 120x120, which the service prepares in its threads.
SEVEN = encode(draw("7"))
REQUEST = upload(PATH, SEVEN)
#: Its image is one as MNIST has them, 28x28 and white on black, which costs the service the least there is.
TINY_REQUEST = upload(PATH, encode(draw("7", (28, 28), ink=255, paper=0)))
