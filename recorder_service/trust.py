"""Whom a client believes to be the server: what the system's authorities vouch for, or with --insecure anybody."""

import ssl


def trust(insecure: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
