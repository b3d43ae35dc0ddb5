from pathlib import Path

import pytest

from contracts.env import SettingError
from fastapi_service.recordings.storage import open_storage


@pytest.mark.parametrize("form", ["{}", "file://{}", "file:{}", "file://localhost{}"])
def test_a_folder_is_given_by_its_path_or_by_a_file_url(form: str, tmp_path: Path) -> None:
    storage = open_storage(form.format(tmp_path / "kept"))
    assert list(tmp_path.iterdir()) == [], "nothing is touched yet"
    storage.put("job-a/upload", b"x")
    assert (tmp_path / "kept" / "job-a" / "upload").read_bytes() == b"x"


def test_a_path_may_be_relative_and_a_url_escaped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for url in (".run/two words", f"file://{tmp_path}/.run/two%20words"):
        open_storage(url).check()
    assert [path.name for path in (tmp_path / ".run").iterdir()] == ["two words"]


@pytest.mark.parametrize(
    "url",
    ["gs://bucket", "s3://", "s3:bucket", "s3://b", "s3://bucket/../other", "s3://bucket//a", "s3://bucket/?x=1"]
    + ["file://host/share", "file:folder", "http://127.0.0.1:9000/bucket"],
)
def test_another_url_is_refused_with_what_would_do(url: str) -> None:
    with pytest.raises(SettingError) as caught:
        open_storage(url)
    assert str(caught.value).startswith(f"STORAGE_URL={url!r}: use the path of a folder, file:///folder, or s3://")


def test_credentials_in_the_url_are_refused_and_not_shown() -> None:
    with pytest.raises(SettingError, match="AWS_SECRET_ACCESS_KEY") as caught:
        open_storage("s3://key:secret@bucket/prefix")
    assert "secret@" not in str(caught.value) and "//***@bucket" in str(caught.value)


@pytest.mark.parametrize(("name", "value"), [("AWS_ENDPOINT_URL_S3", "minio:9000"), ("AWS_REGION", "eu west")])
def test_a_service_that_cannot_be_is_refused_by_its_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingError, match=f"{name}='{value}'"):
        open_storage("s3://bucket")


def test_an_empty_setting_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID"):
        monkeypatch.setenv(name, "")
    open_storage("s3://bucket/prefix/")


@pytest.mark.parametrize(
    "name", ["upload", "/job-a/upload", "job-a/../b", "job-a/..", "../job-a", "job-a/b/c", "job-a/.b", "a/b", ""]
)
def test_a_name_that_is_not_ours_is_refused(tmp_path: Path, name: str) -> None:
    storage = open_storage(str(tmp_path))
    for ask in (storage.read, storage.writing, storage.open, storage.size, storage.remove, storage.erase):
        with pytest.raises(ValueError, match="no name of a job"):
            ask(name)
