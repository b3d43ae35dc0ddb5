from pathlib import Path

import pytest

from recorder_service.__main__ import parse
from recorder_service.recordings.export import Wanted, wanted
from recorder_service.recordings.upload import Unfit


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("localhost:8001", "http://localhost:8001"),
        ("https://speech.example/", "https://speech.example"),
        ("wss://speech.example/ws", "https://speech.example"),
        ("http://host:1/behind/", "http://host:1/behind"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_the_address_of_the_page_or_of_the_socket_does(address: str, url: str) -> None:
    assert parse(["jobs", "--url", address]).url == url


def test_the_secret_comes_from_the_environment_unless_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECORDER_TOKEN", "")
    assert parse(["jobs"]).token is None
    monkeypatch.setenv("RECORDER_TOKEN", "of the environment")
    assert parse(["jobs"]).token == "of the environment"
    assert parse(["upload", "a.mp3", "b.mp3", "--token", "other"]).token == "other"


@pytest.mark.parametrize(
    "arguments",
    [
        ["upload"],
        ["upload", "a", "--format", "doc"],
        ["upload", "a", "--priority", "now"],
        ["upload", "a", "--url", "ftp://b"],
        ["upload", "a", "--url", "http://b:port"],
        ["upload", "a", "--token", "two\nlines"],
        ["upload", "a", "--token", "schlüssel"],
        ["jobs", "--limit", "0"],
        ["jobs", "--limit", "101"],
        ["result"],
        ["cancel"],
    ],
)
def test_options_that_will_not_do_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refusal:
        parse(arguments)
    assert refusal.value.code == 2
    assert "usage:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("form", "output", "found"),
    [
        (None, None, None),
        ("srt", None, Wanted("srt", "-")),
        (None, "-", Wanted("txt", "-")),
        (None, "talk.VTT", Wanted("vtt", "talk.VTT")),
        (None, "talk.subtitles", Wanted("txt", "talk.subtitles")),
        ("csv", "talk.txt", Wanted("csv", "talk.txt")),
    ],
)
def test_the_form_of_a_result_is_asked_for_or_its_files_ending(
    form: str | None, output: str | None, found: Wanted | None
) -> None:
    assert wanted(form, output) == found


def test_results_have_a_place_before_anything_is_sent(tmp_path: Path) -> None:
    one, two = ["a.mp3"], ["a.mp3", "b.mp3"]
    Wanted("srt", str(tmp_path / "a.srt")).check(one)
    Wanted("srt", str(tmp_path)).check(two)
    assert Wanted("srt", str(tmp_path)).path("a.mp3") == tmp_path / "a.srt"
    Wanted("srt", f"{tmp_path}/new/").check(two)
    assert Wanted("srt", f"{tmp_path}/new/").path("b.mp3") == tmp_path / "new" / "b.srt"
    assert Wanted("srt").path("a.mp3") is None
    nowhere = tmp_path / "no"
    unfit = ((tmp_path / "a.srt", two), (tmp_path, ["a.mp3", "a.wav"]), (nowhere / "a", one), (f"{nowhere}/a/", one))
    for output, names in unfit:
        with pytest.raises(Unfit):
            Wanted("srt", str(output)).check(names)
