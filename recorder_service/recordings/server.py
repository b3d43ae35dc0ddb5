"""One server by HTTP: asking it, asking again where that makes sense, and its refusals in words."""

import contextlib
import email.utils
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import httpx

from recorder_service.closing import Refused
from recorder_service.gateways import Unreachable
from recorder_service.options import Waits
from recorder_service.patience import Patience
from recorder_service.trust import trust

T = TypeVar("T")

FOR_NOW = (429, 502, 503, 504, 507)
"""Statuses after which the same may be asked again; any other refusal is meant."""
NO_CONNECTION = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


@dataclass(frozen=True)
class Access:
    """`token` is the secret by which the server knows one's own recordings; without it they belong to
    whoever knows their ids. `stuck`: seconds without a byte after which a request is given up (a storage
    behind the server may be slow). `silent`: the same for events, of which there is a sign every 15 s."""

    url: str
    token: str | None = None
    insecure: bool = False
    waits: Waits = Waits()
    stuck: float = 120.0
    silent: float = 45.0


class Problem(Refused):
    """The server said no. `told`: seconds that it asks to wait."""

    def __init__(self, status: int, code: str, message: str, told: float = 0.0) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.told = told


class Server:
    """`note` hears of every wait."""

    def __init__(self, access: Access, note: Callable[[str], None]) -> None:
        self.access = access
        self._note = note
        self._reached = False
        self._client = httpx.Client(
            base_url=access.url,
            headers={"Authorization": f"Bearer {access.token}"} if access.token else {},
            verify=trust(access.insecure),
            timeout=httpx.Timeout(access.stuck, connect=access.waits.dead),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    @contextlib.contextmanager
    def answer(self, method: str, path: str, **asked: Any) -> Iterator[httpx.Response]:
        """One attempt; its body is still to be read, in the `with`. Raises Problem, Unreachable."""
        try:
            with self._client.stream(method, path, **asked) as answer:
                self._reached = True
                if not answer.is_success:
                    answer.read()
                    raise problem(answer)
                yield answer
        except httpx.RequestError as error:
            self._reached = self._reached or not isinstance(error, NO_CONNECTION)
            raise Unreachable(self._why(error)) from None

    def json(self, method: str, path: str, patience: Patience | None = None, **asked: Any) -> Any:
        """What it answers, after as many attempts as it takes; None for an answer without a body. Only for
        what may be asked twice. Raises Refused, Unreachable."""

        def once() -> Any:
            with self.answer(method, path, **asked) as answer:
                answer.read()
            try:
                return answer.json() if answer.content else None
            except ValueError:
                raise Refused(f"What answers at {self.access.url} is not this service") from None

        return self.persist(once, patience or Patience(self.access.waits))

    def persist(self, attempt: Callable[[], T], patience: Patience) -> T:
        """Raises Refused, and Unreachable: at once from a server that was never reached."""
        while True:
            try:
                return attempt()
            except (Problem, Unreachable) as error:
                self.wait(error, patience)

    def wait(self, failure: Problem | Unreachable, patience: Patience, told: float = 0.0) -> None:
        """Until it is worth to try again; where it never is, raises `failure`."""
        if isinstance(failure, Problem):
            if failure.status not in FOR_NOW:
                raise failure
            told = max(told, failure.told)
        elif not self._reached:
            raise failure
        seconds = patience.wait(time.monotonic(), told)
        if seconds is None:
            self._note(f"Gave up after {self.access.waits.patience:g} s without progress.")
            raise failure
        self._note(f"{failure}; trying again in {seconds:.1f} s.")
        time.sleep(seconds)

    def _why(self, error: httpx.RequestError) -> str:
        cause: BaseException | None = error
        while cause and not isinstance(cause, ssl.SSLCertVerificationError):
            cause = cause.__cause__ or cause.__context__
        if isinstance(cause, ssl.SSLCertVerificationError):
            reason = f"its certificate is not trusted ({cause.verify_message}); --insecure accepts it anyway"
        else:
            reason = str(error) or type(error).__name__
        happened = "Cannot connect to" if isinstance(error, NO_CONNECTION) else "Lost the connection to"
        return f"{happened} {self.access.url}: {reason}"


def problem(answer: httpx.Response) -> Problem:
    """A refusal, in the server's words where it has any: a proxy in front of it has its own."""
    if answer.has_redirect_location:
        return Problem(answer.status_code, "moved", f"The server sends us to {answer.headers['location']}: use --url")
    told = retry_after(answer.headers.get("retry-after"), time.time())
    try:
        error = answer.json()["error"]
        return Problem(answer.status_code, str(error["code"]), str(error["message"]), told)
    except (ValueError, KeyError, TypeError):
        words = f"The server answered {answer.status_code} {answer.reason_phrase}"
        return Problem(answer.status_code, str(answer.status_code), words, told)


def retry_after(text: str | None, now: float) -> float:
    """Seconds, from the header's seconds or its date; `now` is unix seconds."""
    if not text:
        return 0.0
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - now)
    except ValueError:
        return 0.0
