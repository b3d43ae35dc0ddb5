"""Everything that /openapi.json describes, asked for in ways right and wrong by schemathesis: what comes back is
described too, and nothing fails on the server's side.
"""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings, strategies
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


OPERATIONS = [f"{method.upper()} {path}" for path, methods in API.raw_schema["paths"].items() for method in methods]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("operation", OPERATIONS)
@given(data=strategies.data())
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_answers_as_described(operation: str, data: strategies.DataObject, pipeline: Pipeline) -> None:
    method, path = operation.split()
    case = data.draw(API[path][method].as_strategy())
    answer = case.call(base_url=pipeline.url, headers={"Authorization": "Bearer schema"}, timeout=PATIENCE)
    case.validate_response(answer, checks=CHECKS)
