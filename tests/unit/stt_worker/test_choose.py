"""The engine is chosen by name among what is installed; nothing is imported for it."""

import pytest

from stt_worker import choose


def test_the_named_engine() -> None:
    assert choose.choose("faster-whisper", {"faster-whisper", "openai-whisper"}).library == "faster_whisper"


def test_an_unknown_engine_lists_the_known_ones() -> None:
    with pytest.raises(choose.EngineMissing, match="'kaldi'; use one of: openai-whisper, faster-whisper"):
        choose.choose("kaldi", {"openai-whisper"})


def test_a_missing_engine_says_what_to_install() -> None:
    with pytest.raises(choose.EngineMissing, match="pip install faster-whisper"):
        choose.choose("faster-whisper", {"openai-whisper"})
    with pytest.raises(choose.EngineMissing, match="another program: pip uninstall whisper"):
        choose.choose("openai-whisper", ())


def test_an_unrelated_package_of_the_same_name_does_not_count() -> None:
    assert choose._present("json", "decoder.py")
    assert not choose._present("json", "decoding.py")
    assert not choose._present("no_such_package_here", "decoding.py")
