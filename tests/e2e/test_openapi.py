"""Everything that /openapi.json describes, asked for in ways right and wrong by schemathesis: what comes back is
described too, and nothing fails on the server's side.
"""

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.specs.openapi import checks

from fastapi_service.main import create_app
from fastapi_service.settings import Settings
from tests.eventually import PATIENCE
from tests.processes import Pipeline

EXAMPLES = 8
CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
API = schemathesis.openapi.from_dict(create_app(Settings()).openapi())


@pytest.mark.filterwarnings("ignore")
@API.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_answers_as_described(case: Case, pipeline: Pipeline) -> None:
    answer = case.call(base_url=pipeline.url, headers={"Authorization": "Bearer schema"}, timeout=PATIENCE)
    case.validate_response(answer, checks=CHECKS)
