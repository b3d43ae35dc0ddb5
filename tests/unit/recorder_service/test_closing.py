import pytest

from contracts.messages import Error
from recorder_service.closing import Loss, Refused, TakenOver, judge

FULL = Error(None, "full", "no place", retryable=True, retry_after=12.0)


def test_a_connection_that_broke_is_tried_again_with_the_servers_last_words() -> None:
    assert judge(1006, "", None, claimed=True) == Loss()
    assert judge(1012, "restarting", None, claimed=True) == Loss(said="restarting")
    assert judge(1013, "full", FULL, claimed=False) == Loss(told=12.0, said="no place")
    assert judge(1006, "", FULL, claimed=False) == Loss(said="no place"), "not refused, broken"


def test_a_session_that_cannot_be_resumed_is_forgotten_once() -> None:
    error = Error(None, "cannot_resume", "unknown")
    assert judge(4004, "cannot_resume", None, claimed=True).forgotten
    assert judge(1006, "", error, claimed=True).forgotten
    with pytest.raises(Refused, match=r"\(4004\): unknown"):
        judge(4004, "", error, claimed=False)


def test_what_was_taken_over_must_not_be_taken_back_even_if_the_close_code_is_lost() -> None:
    for code, error in ((4009, None), (1006, Error("s", "taken_over", "elsewhere"))):
        with pytest.raises(TakenOver):
            judge(code, "", error, claimed=True)


def test_a_goodbye_whose_done_was_not_waited_for_is_asked_for_again() -> None:
    assert judge(1000, "done", Error("s", "storage_unavailable", "later"), claimed=True) == Loss()
    with pytest.raises(Refused):
        judge(1000, "done", None, claimed=False)


@pytest.mark.parametrize("code", [1002, 1003, 1008, 1009, 4000, 4001])
def test_any_other_close_is_meant(code: int) -> None:
    with pytest.raises(Refused, match=rf"\({code}\): it gave no reason"):
        judge(code, "", None, claimed=True)
