from contracts.messages import Heartbeat
from fastapi_service.workers import ANALYZER, STT, Crew, why


def beat(service: str, state: str, **more: object) -> Heartbeat:
    return Heartbeat(f"{service}@x", service, state, **more)  # type: ignore[arg-type]  # test data


def test_nobody() -> None:
    assert [(best.service, best.state) for best in Crew().missing] == [(STT, "missing"), (ANALYZER, "missing")]
    assert all(best.service in why(best) for best in Crew().missing)


def test_one_ready_worker_is_enough() -> None:
    crew = Crew((beat(STT, "failed", reason="x"), beat(STT, "ready", model="base"), beat(ANALYZER, "ready")))
    assert crew.missing == [] and crew.best(STT).model == "base"


def test_the_reason_is_told() -> None:
    crew = Crew((beat(STT, "loading", model="base"), beat(ANALYZER, "failed", reason="no file models/x")))
    assert [why(best) for best in crew.missing] == ["stt_worker is loading its model base", "no file models/x"]


def test_a_state_of_a_newer_version_is_not_ready() -> None:
    crew = Crew((beat(STT, "dreaming"), beat(ANALYZER, "ready")))
    assert [why(best) for best in crew.missing] == ["stt_worker is dreaming"]
