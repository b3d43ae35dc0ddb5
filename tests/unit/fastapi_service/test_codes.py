from fastapi_service.codes import CODES


def test_codes_are_distinct_and_complete() -> None:
    assert len({code.name for code in CODES}) == len(CODES)
    assert all(code.ends in ("always", "never", "before ready") for code in CODES)
    assert all(code.meaning.endswith(".") for code in CODES)


def test_what_ends_a_session_has_a_close_code_and_nothing_else_has() -> None:
    assert all((code.close is None) == (code.ends == "never") for code in CODES)
    ours = [code.close for code in CODES if code.close and code.close >= 4000]
    assert all(4000 <= close <= 4099 for close in ours)
