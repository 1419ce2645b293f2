from __future__ import annotations

from app.api import problems
from app.api.problems import MODEL_REFUSED, Kind
from app.client import ServiceProblem
from app.client.errors import kind_of


def test_every_problem_but_a_refused_model_is_an_error_of_its_own() -> None:
    kinds = [kind for kind in vars(problems).values() if isinstance(kind, Kind)]
    assert [kind for kind in kinds if kind_of(kind.code, kind.status) is ServiceProblem] == [MODEL_REFUSED]
