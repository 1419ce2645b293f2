"""The form that nearly every client sends: one file, or several under one name, and nothing else.

Starlette's own reader takes any form, in pieces, at a seventh of what a small picture's request takes in all; this one
looks for the form that browsers, curl and HTTP libraries write, and leaves everything else to that reader.
"""

from __future__ import annotations

import re

#: Of a boundary that is not in quotes, fewer characters than RFC 2046 allows are taken: clients use letters, digits and
#: dashes.
MULTIPART = re.compile(
    rb'multipart/form-data; ?boundary=(?:"([\w\'()+,./:=?-]{1,70})"|([\w\'+.-]{1,70}))', re.IGNORECASE
)
#: What comes before the file's bytes, after the first delimiter. A name or file name that needs escapes is left out,
#: and what is longer than clients write: the general reader refuses a line of more than 4,224 bytes.
HEAD = re.compile(
    rb'\r\nContent-Disposition: form-data; name="([^"\r\n\\%]{0,256})"; filename="([^"\r\n\\]{0,1024})"\r\n'
    rb"(?:Content-Type: [^\r\n]{0,256}\r\n)?\r\n",
    re.IGNORECASE,
)
#: The general reader refuses a form of more.
MOST_FILES = 1000


def boundary_of(content_type: bytes) -> bytes | None:
    """Return the boundary that a Content-Type of a form names; None where it is no such header as clients write."""
    found = MULTIPART.fullmatch(content_type)
    return (found[1] or found[2]) if found else None


def files_of(body: bytes, boundary: bytes, part: str) -> list[bytes] | None:
    """Return the files of a form that has nothing else.

    Args:
        body: of the whole request.
        boundary: from its Content-Type.
        part: name that the part of every file must have.

    Returns:
        The bytes of each, at least one and at most `MOST_FILES`, in their order; None where the body is anything but
        parts of this name, in the form that clients write. It may be a form all the same.
    """
    delimiter, name = b"--" + boundary, part.encode()
    if not body.startswith(delimiter):
        return None
    files: list[bytes] = []
    start = len(delimiter)
    while len(files) < MOST_FILES:
        head = HEAD.match(body, start)
        if head is None or head[1] != name:
            return None
        # The first delimiter ends the file, wherever it stands.
        end = body.find(b"\r\n" + delimiter, head.end())
        if end < 0:
            return None
        if not head[2] and end == head.end():
            return None  # a browser's, where no file was chosen
        files.append(body[head.end() : end])
        start = end + 2 + len(delimiter)
        if body.startswith(b"--", start):
            return files if body[start + 2 : start + 5] in (b"", b"\r\n") else None
    return None
