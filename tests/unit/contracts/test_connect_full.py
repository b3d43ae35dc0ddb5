import pytest
import redis

from contracts.connect import out_of_memory


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (redis.exceptions.OutOfMemoryError("command not allowed when used memory > 'maxmemory'"), True),
        (redis.ResponseError("Error running script: -OOM command not allowed"), True),  # Redis 6, out of a script
        (redis.ResponseError("WRONGTYPE Operation against a key"), False),
        (redis.ConnectionError("OOM killer came by"), False),
    ],
)
def test_what_means_that_the_memory_is_full(error: Exception, full: bool) -> None:
    assert out_of_memory(error) is full
