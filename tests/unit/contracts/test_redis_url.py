import pytest

from contracts.broker import celery_settings
from contracts.redis_url import NO_CLUSTER, USE, Address, BadAddress, Login, parse

CHECKED = {"ssl_cert_reqs": "required", "ssl_check_hostname": True}


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("redis://localhost", Address("redis", (("localhost", 6379),))),
        ("REDIS://h:1/2", Address("redis", (("h", 1),), 2)),
        ("redis://:p%40ss@h/", Address("redis", (("h", 6379),), login=Login(None, "p@ss"))),
        ("redis://u:p:q@h", Address("redis", (("h", 6379),), login=Login("u", "p:q"))),
        ("rediss://u:p@[::1]", Address("rediss", (("::1", 6379),), login=Login("u", "p"), tls=CHECKED)),
        (
            "rediss://h?ssl_cert_reqs=CERT_NONE&ssl_ca_certs=%2Fca.pem",
            Address(
                "rediss",
                (("h", 6379),),
                tls={"ssl_cert_reqs": "none", "ssl_check_hostname": False, "ssl_ca_certs": "/ca.pem"},
            ),
        ),
        (
            "sentinel://u:p@a,b:1,[::1]:2/3?master=m&sentinel_username=v&sentinel_password=q%2Fr",
            Address("sentinel", (("a", 26379), ("b", 1), ("::1", 2)), 3, Login("u", "p"), None, "m", Login("v", "q/r")),
        ),
        (
            "sentinel://h?master=m&ssl_cert_reqs=required",
            Address("sentinel", (("h", 26379),), tls=CHECKED, master="m"),
        ),
    ],
)
def test_an_address_in_its_parts(text, address):
    assert parse(text) == address


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", USE),
        ("localhost:6379", USE),
        ("http://localhost", USE),
        ("unix:///run/redis.sock", USE),
        ("redis://", USE),
        ("redis://:6379/0", USE),
        ("redis://localhost:none/0", USE),
        ("redis://localhost:0", USE),
        ("redis://[::1/0", USE),
        ("redis://:pass/word@h", USE),
        ("sentinel://a,,b?master=m", USE),
        ("sentinel://a;sentinel://b", USE),
        ("redis+cluster://h", NO_CLUSTER),
        ("rediss+cluster://h:1,h:2", NO_CLUSTER),
        ("redis-cluster://h", NO_CLUSTER),
        ("redis://a,b", f"redis:// takes one host. Several are for sentinel://, or a cluster: {NO_CLUSTER}"),
        ("redis://h/one", "what is behind the host must be the number of a database, as in redis://host:6379/0"),
        ("redis://h?ssl_ca_certs=x", "ssl_ca_certs is not known here: redis:// takes no options (TLS is rediss://)"),
        (
            "rediss://h?db=1",
            "db is not known here: rediss:// takes only ssl_cert_reqs, ssl_check_hostname, ssl_ca_certs, "
            "ssl_certfile, ssl_keyfile",
        ),
        (
            "rediss://h?ssl_cert_reqs=maybe",
            "ssl_cert_reqs is required, optional or none, and ssl_check_hostname true or false",
        ),
        (
            "sentinel://h/0",
            "sentinel:// needs the name of the master that it watches: sentinel://host:26379/0?master=NAME",
        ),
    ],
)
def test_an_address_that_will_not_do_is_refused_with_its_reason(text, reason):
    with pytest.raises(BadAddress) as error:
        parse(text)
    assert str(error.value) == reason


def test_no_password_is_shown_by_an_address():
    address = parse("sentinel://u:hidden@h?master=m&sentinel_password=hidden")
    assert "hidden" not in repr(address) + str(address)


def test_celery_gets_one_url_for_a_redis_with_its_login_as_it_was_meant():
    settings = celery_settings("redis://u:p%2Fq@[::1]:1/2")
    assert settings["broker_url"] == "redis://u:p%2Fq@[::1]:1/2"
    assert settings["broker_use_ssl"] is False


def test_celery_checks_certificates_unless_told_otherwise():
    assert celery_settings("rediss://h")["broker_use_ssl"] == CHECKED
    assert celery_settings("rediss://h?ssl_cert_reqs=none")["broker_use_ssl"]["ssl_cert_reqs"] == "none"


def test_celery_gets_every_sentinel_in_the_options_of_a_transport_that_asks_them_all():
    settings = celery_settings("sentinel://:p@a,b:1/2?master=m&sentinel_password=q&ssl_cert_reqs=required")
    options = settings["broker_transport_options"]
    assert settings["broker_url"] == "sentinel://:p@a:26379/2"
    assert settings["broker_transport"] == "contracts.transport:SentinelTransport"
    assert (options["master_name"], options["sentinels"]) == ("m", (("a", 26379), ("b", 1)))
    assert options["sentinel_kwargs"] == {"username": None, "password": "q", "ssl": True, **CHECKED}
    assert options["socket_timeout"] == celery_settings("redis://h")["broker_transport_options"]["socket_timeout"]
