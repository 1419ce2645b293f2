"""Answers as lines: for people, for programs (JSON lines), for spreadsheets (CSV)."""

from __future__ import annotations

import csv
import io
import json
from typing import Protocol

from app.api.problems import Problem, problem_of
from app.api.schemas import Answer
from app.artifacts import Artifact
from app.cli.bulk import FileFailure, FileOutcome
from app.recogniser import Recognition
from app.telemetry import printable

#: Spreadsheets take a cell that begins with one of these for a formula, whoever named the file
#: (https://owasp.org/www-community/attacks/CSV_Injection).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class Format(Protocol):
    """How outcomes look."""

    def head(self) -> str:
        """Return what comes before the first outcome, line ends included."""

    def lines(self, outcome: FileOutcome) -> str:
        """Return what an outcome looks like, line ends included; empty where it has no place in this format."""


class Text:
    """A line a file: its name and the candidates."""

    def head(self) -> str:
        return ""

    def lines(self, outcome: FileOutcome) -> str:
        if not isinstance(outcome.found, Recognition):
            return ""
        candidates = (f"{item.label} {item.confidence:.4f}" for item in outcome.found.candidates)
        doubt = "  uncertain" if outcome.found.uncertain else ""
        return f"{printable(outcome.name)}: {'  '.join(candidates)}{doubt}\n"


class JsonLines:
    """An object a file: its name, and what the API would answer, be that an answer or a problem."""

    def __init__(self, artifact: Artifact) -> None:
        self._artifact = artifact

    def head(self) -> str:
        return ""

    def lines(self, outcome: FileOutcome) -> str:
        if isinstance(outcome.found, Recognition):
            answer = Answer.of(outcome.found, self._artifact, explain=False).model_dump(exclude_none=True)
        elif document := _problem(outcome.found):
            answer = {"problem": document.model_dump()}
        else:
            return ""
        return json.dumps({"file": outcome.name, **answer}) + "\n"


class Csv:
    """A row a file: its name, the answer, the other candidates, and the problem where there is no answer.

    The page's table has the same columns: see `app/web/row.js`.
    """

    def __init__(self, artifact: Artifact, *, top_k: int) -> None:
        """Prepare the columns.

        Args:
            artifact: the model that answers.
            top_k: how many candidates a row has room for.
        """
        self._model = (artifact.card.name, str(artifact.card.version))
        others = [f"{column}_{place}" for place in range(2, top_k + 1) for column in ("label", "confidence")]
        columns = ("file", "label", "confidence", "characters", "uncertain", "model", "version", *others, "problem")
        self._columns = columns

    def head(self) -> str:
        return _row(*self._columns)

    def lines(self, outcome: FileOutcome) -> str:
        if not isinstance(outcome.found, Recognition):
            return self._unread(outcome.name, outcome.found)
        best, *others = outcome.found.candidates
        cells = [outcome.name, best.label, f"{best.confidence:.6f}", "".join(best.characters)]
        cells += [str(outcome.found.uncertain).lower(), *self._model]
        for other in others:
            cells += [other.label, f"{other.confidence:.6f}"]
        return self._padded(cells, problem="")

    def _unread(self, name: str, failure: FileFailure) -> str:
        document = _problem(failure)
        return self._padded([name], problem=document.code if document else reason(failure))

    def _padded(self, cells: list[str], *, problem: str) -> str:
        empty = [""] * (len(self._columns) - len(cells) - 1)
        return _row(*cells, *empty, problem)


def reason(failure: FileFailure) -> str:
    """Return why a file got no answer, as a sentence."""
    return failure.strerror or str(failure) if isinstance(failure, OSError) else str(failure)


def _problem(failure: FileFailure) -> Problem | None:
    return None if isinstance(failure, OSError) else problem_of(failure)


def _row(*cells: str) -> str:
    out = io.StringIO()
    # A name that is no UTF-8 on disk has lone surrogates, which no encoding writes.
    readable = (cell.encode("utf-8", "surrogateescape").decode("utf-8", "replace") for cell in cells)
    csv.writer(out, lineterminator="\n").writerow(
        f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell for cell in readable
    )
    return out.getvalue()
