from __future__ import annotations

from app.api import problems
from app.api.problems import CODES, KINDS, MODEL_REFUSED, Kind
from app.client import ServiceProblem
from app.client.errors import kind_of


def test_the_metrics_know_every_kind_of_problem() -> None:
    assert {kind.code for kind in KINDS.values()} < set(CODES)
    assert {"malformed-request", "unauthorised", "model-refused"} < set(CODES)


def test_the_client_has_a_class_for_every_kind_of_problem_of_a_recognition() -> None:
    kinds = [kind for kind in vars(problems).values() if isinstance(kind, Kind)]
    assert len(kinds) == len(CODES)
    unknown = [kind for kind in kinds if kind_of(kind.code, kind.status) is ServiceProblem]
    assert unknown == [MODEL_REFUSED]
