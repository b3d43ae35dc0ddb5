import subprocess
import sys

from listener_service.identity import has_ended, own_name

SHOW = "from listener_service.identity import own_name; print(own_name(), flush=True); input()"


def test_a_process_is_alive_until_it_has_ended() -> None:
    assert not has_ended(own_name())
    with subprocess.Popen(
        [sys.executable, "-c", SHOW], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout and other.stdin
        name = other.stdout.readline().strip()
        assert not has_ended(name)
        other.stdin.close()
    assert has_ended(name)


def test_a_pid_that_is_used_again_is_another_process() -> None:
    where, machine, _ = own_name().split("/")
    assert has_ended(f"{where}/{machine}/1")


def test_what_cannot_be_seen_is_taken_to_live() -> None:
    where, _, began = own_name().split("/")
    assert not has_ended(f"{where}/another-kernel:1/{began}")
    assert not has_ended(f"{where}//{began}")
    assert not has_ended("somebody")
    assert not has_ended("host-x/machine/1")
