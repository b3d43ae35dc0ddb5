import pytest

from fastapi_service.recordings.webhooks.target import Refused, Target, parse


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://hooks.example.com", Target("https", "hooks.example.com", 443, "/")),
        ("HTTP://Hooks.Example.com.:8080/a/b?c=d&e=%2F#f", Target("http", "hooks.example.com", 8080, "/a/b?c=d&e=%2F")),
        ("https://xn--bcher-kva.example/?q", Target("https", "xn--bcher-kva.example", 443, "/?q")),
        ("http://[2001:DB8::0:1]:81/", Target("http", "2001:db8::1", 81, "/")),
        ("http://my_host/", Target("http", "my_host", 80, "/")),
    ],
)
def test_taken_apart(url: str, target: Target) -> None:
    assert parse(url) == target


def test_as_the_host_header_says_it() -> None:
    assert parse("https://a.example/").authority == "a.example"
    assert parse("https://a.example:8443/").authority == "a.example:8443"
    assert parse("http://a.example:443/").authority == "a.example:443"
    assert parse("http://[2001:db8::1]/").authority == "[2001:db8::1]"


@pytest.mark.parametrize(
    "url",
    [
        *("", "hooks.example.com", "//hooks.example.com/", "https:hooks.example.com", "https:///path", "https://"),
        *("ftp://a.example/", "file:///etc/passwd", "javascript:alert(1)", "unix:/run/x", "gopher://a.example/"),
        *("https://user@a.example/", "https://user:secret@a.example/", "https://@a.example/", "https://a@b@c.example/"),
        *("http://a.example:0/", "http://a.example:65536/", "http://a.example:x/", "http://a.example:-1/"),
        *("http://127.1/", "http://0x7f000001/", "http://2130706433/", "http://0177.0.0.1/", "http://127.0.0.1.0x1/"),
        *("http://1.2.3.4.5/", "http://[::1/", "http://::1/", "http://[fe80::1%25eth0]/", "http://[v1.a]/"),
        *("http://a..example/", "http://-a.example/", "http://.example/", "http://a.example\\@b.example/"),
        *("http://a.example/ b", "http://a.example/\n", "http://a\t.example/", "http://ä.example/", "http://a.example/é"),
        *("http://127。0。0。1/", "http://a.example%2f@b/", "http://%61.example/", "http://" + 64 * "a" + ".example/"),
    ],
)
def test_refused(url: str) -> None:
    with pytest.raises(Refused):
        parse(url)


def test_what_is_logged_of_it_is_not_what_its_receiver_keeps_secret() -> None:
    assert parse("https://a.example/hooks/T0KEN?key=T0KEN").place == "a.example:443"
