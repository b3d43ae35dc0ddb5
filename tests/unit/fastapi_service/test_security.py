from fastapi_service.security import content_security_policy


def test_sockets_of_the_same_host_are_allowed_by_name() -> None:
    policy = content_security_policy("talk.example.org:8443")
    assert "connect-src 'self' ws://talk.example.org:8443 wss://talk.example.org:8443;" in policy
    assert "wss://[::1]:8000;" in content_security_policy("[::1]:8000")


def test_a_host_header_cannot_add_to_the_policy() -> None:
    for host in ("", "x; script-src *", "x y", "x,y", "'unsafe-inline'", "x\n"):
        assert "connect-src 'self'; worker-src" in content_security_policy(host)


def test_nothing_inline_and_nothing_from_elsewhere() -> None:
    policy = content_security_policy("x")
    assert policy.startswith("default-src 'self';")
    assert "unsafe" not in policy and "*" not in policy and "http" not in policy


def test_the_readers_own_file_may_be_played() -> None:
    assert "media-src 'self' blob:;" in content_security_policy("x")
