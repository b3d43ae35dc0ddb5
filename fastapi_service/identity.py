"""Whose recordings these are: a bearer token's, or a browser's by its cookie. There are no accounts: who has the
secret is the owner.

Redis, logs and answers have the secret's hash at most.
"""

import hashlib
import secrets
from typing import Annotated

from fastapi import Depends, Request, Response

from fastapi_service.routes.problem import Problem

COOKIE = "visitor"
COOKIE_SECONDS = 400 * 24 * 3600
"""Longer than browsers keep one."""
LONGEST_SECRET = 4096


def bearer(request: Request) -> str | None:
    """The token in `Authorization: Bearer ...`; None without one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip()[:LONGEST_SECRET] or None if scheme.lower() == "bearer" else None


def owner(request: Request) -> str | None:
    """The hash of the caller's secret; None for a caller without one, whose recordings belong to whoever knows
    their ids."""
    token, visitor = bearer(request), request.cookies.get(COOKIE)
    if token:
        return _hashed(f"bearer {token}")
    return _hashed(f"visitor {visitor[:LONGEST_SECRET]}") if visitor else None


def same_site(request: Request) -> None:
    """Raises Problem for what another site's page asks for in a visitor's browser."""
    if request.headers.get("sec-fetch-site") == "cross-site":
        raise Problem(403, "cross_site", "another site's page may not do this")


def greet(request: Request, response: Response) -> None:
    """Give a browser that opens the page its cookie."""
    if COOKIE not in request.cookies:
        secure = request.url.scheme == "https"
        response.set_cookie(
            COOKIE, secrets.token_urlsafe(24), COOKIE_SECONDS, secure=secure, httponly=True, samesite="lax"
        )  # "strict" would hide it from a visit by a link, which would then get another one in its place


Owner = Annotated[str | None, Depends(owner)]


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
