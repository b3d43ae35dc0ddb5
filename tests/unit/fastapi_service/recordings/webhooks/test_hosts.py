import ipaddress

import pytest

from contracts.env import SettingError
from fastapi_service.recordings.webhooks import hosts
from fastapi_service.recordings.webhooks.hosts import Hosts, public
from fastapi_service.recordings.webhooks.target import Refused, parse

PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
ELSEWHERE = [
    *("0.0.0.0", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.8.9.10", "169.254.169.254"),
    *("168.63.129.16", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1", "192.88.99.1", "192.168.0.1"),
    *("198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1"),
    *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::808:808", "100::1", "2001::1", "2001:db8::1"),
    *("2002:7f00:1::", "2002:808:808::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1"),
    *("ff02::1", "2001:0:a9fe:a9fe::1"),
]


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses(text: str) -> None:
    assert public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", ELSEWHERE)
def test_addresses_that_nobody_is_called_at_by_a_pattern(text: str) -> None:
    address = ipaddress.ip_address(text)
    assert not public(address)
    with pytest.raises(Refused, match="not on the public internet"):
        hosts.read("*").check_address(parse("https://hooks.example.com/"), address)
    hosts.read("hooks.example.com").check_address(parse("https://hooks.example.com/"), address)


@pytest.mark.parametrize("text", ELSEWHERE)
def test_written_in_the_url_they_are_refused_at_once_unless_named(text: str) -> None:
    shown = f"[{text}]" if ":" in text else text
    target = parse(f"http://{shown}/hook")
    with pytest.raises(Refused, match="not on the public internet"):
        hosts.read("*").check(target)
    with pytest.raises(Refused, match="not allowed here"):
        hosts.read(f"{shown}:8080").check(target)
    hosts.read(shown).check(target)


@pytest.mark.parametrize(
    ("allowed", "url"),
    [
        ("hooks.example.com", "https://hooks.example.com/a?b=c"),
        ("hooks.example.com", "http://HOOKS.example.com."),
        ("other.example, hooks.example.com:8443", "https://hooks.example.com:8443/"),
        ("*.example.com", "https://a.b.example.com/"),
        ("*.example.com:8443", "https://a.example.com:8443/"),
        ("*", "https://hooks.example.com/"),
        ("*", "https://8.8.8.8/"),
        ("*:9000", "https://[2606:4700::1111]:9000/"),
        ("redis", "http://redis/"),
        ("localhost:8080", "http://localhost:8080/"),
        ("[::1]:8080", "http://[0:0:0:0:0:0:0:1]:8080/"),
        ("* 10.0.0.5", "http://10.0.0.5/"),
    ],
)
def test_allowed(allowed: str, url: str) -> None:
    hosts.read(allowed).check(parse(url))


@pytest.mark.parametrize(
    ("allowed", "url"),
    [
        ("hooks.example.com", "https://hooks.example.com:8443/"),
        ("hooks.example.com:8443", "https://hooks.example.com/"),
        ("hooks.example.com", "https://evil.hooks.example.com/"),
        ("hooks.example.com", "https://hooks.example.com.evil.example/"),
        ("*.example.com", "https://example.com/"),
        ("*.example.com", "https://evilexample.com/"),
        ("*", "https://hooks.example.com:6379/"),
        ("*", "http://localhost/"),
        ("*", "http://a.localhost/"),
        ("*", "http://redis/"),
        ("10.0.0.5", "http://[::ffff:10.0.0.5]/"),
    ],
)
def test_not_allowed(allowed: str, url: str) -> None:
    with pytest.raises(Refused, match="not allowed here|not on the public internet"):
        hosts.read(allowed).check(parse(url))


def test_without_hosts_there_are_none() -> None:
    with pytest.raises(Refused, match="not offered"):
        Hosts().check(parse("https://hooks.example.com/"))
    assert hosts.read(" , ") == Hosts()


@pytest.mark.parametrize(
    "text",
    [
        *("https://hooks.example.com", "hooks.example.com/path", "a:b", "a:0", "a:65536", "a:", ":80", "a b*", "**"),
        *("*example.com", "*.", "*.5", "*.*.com", "a.*.com", "::1", "[::1", "[hooks]", "127.1", "0x7f000001", "a@b"),
    ],
)
def test_what_is_no_host_ends_the_start_in_words(text: str) -> None:
    with pytest.raises(SettingError, match=r"WEBHOOK_HOSTS: .*: name hosts with commas"):
        hosts.read(text)
