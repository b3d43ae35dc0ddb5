from fastapi_service.recordings import refusal
from scripts.procfile import ROOT

DOCUMENT = (ROOT / "docs" / "recordings-formats.md").read_text()


def test_the_document_has_every_code_and_its_message() -> None:
    rows = {reason.code: f"| `{reason.code}` | {reason.message} |" for reason in refusal.REASONS}
    assert [code for code, row in rows.items() if row not in DOCUMENT] == []


def test_the_document_shows_notes_as_they_are() -> None:
    for note in (refusal.truncated(2.2, 3.7), refusal.damaged(1.0, 2), refusal.gap(7.0, 1)):
        assert f"| `{note.code}` | {note.message} |" in DOCUMENT


def test_codes_are_told_once() -> None:
    codes = [reason.code for reason in refusal.REASONS]
    assert len(set(codes)) == len(codes)
