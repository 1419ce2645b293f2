"""What schemathesis uploads: pictures that can be read as well as damaged ones and bytes that are none."""

from __future__ import annotations

import schemathesis
from hypothesis import strategies as st

from tests.fuzz.corpus import corpus
from tests.fuzz.damage import files

schemathesis.openapi.format("binary", st.one_of(st.sampled_from(sorted(corpus().values())), files))
