"""When to ask for a partial: one outstanding at a time, and ever more rarely the longer answers take."""

from fastapi_service.live.rules import Rules


class Pace:
    """Round trips are counted in samples heard meanwhile: at real time that is the time they took,
    and for a recording sent faster it is the work that one answer stood for."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._asked_at = -rules.partial_interval
        self._round_trip = 0
        self._waiting = False

    def may_ask(self, heard: int, spacing: float = 1.0) -> bool:
        """`spacing`: so many times as rarely as otherwise; infinity: no."""
        interval = max(self._rules.partial_interval, self._rules.partial_round_trips * self._round_trip)
        return not self._waiting and heard - self._asked_at >= spacing * interval

    def asked(self, heard: int) -> None:
        self._waiting, self._asked_at = True, heard

    def answered(self, heard: int) -> None:
        self._waiting, self._round_trip = False, heard - self._asked_at

    def gave_up(self, heard: int) -> None:
        """Without an answer all that is known is that the round trip is not shorter than this."""
        self._waiting, self._round_trip = False, max(self._round_trip, heard - self._asked_at)
