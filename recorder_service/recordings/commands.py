"""`upload`, `jobs`, `result` and `cancel`: each gives the exit status.

Standard output has what was asked for: ids, words, events, a result or a list. All the rest goes to
standard error. Where a result goes to standard output, `--follow` shows its words on standard error.
"""

import argparse
import sys
import time
from typing import Any

from contracts import codec
from recorder_service.closing import Refused
from recorder_service.gateways import Unreachable
from recorder_service.recordings.export import STDOUT, Wanted, export, wanted
from recorder_service.recordings.following import Following
from recorder_service.recordings.meters import Meter, meter
from recorder_service.recordings.server import Access, Server
from recorder_service.recordings.shown import JsonLines, Show, Words
from recorder_service.recordings.upload import Unfit, Upload, Wishes

Job = dict[str, Any]


def run(chosen: argparse.Namespace) -> int:
    """Raises Unfit, Unreachable, Refused, KeyboardInterrupt."""
    commands = {"upload": upload, "jobs": jobs, "result": result, "cancel": cancel}
    access = Access(chosen.url, chosen.token, chosen.insecure)
    shown = meter()
    with Server(access, lambda sentence: shown.write(sentence + "\n", sys.stderr)) as server:
        try:
            return commands[chosen.command](Desk(server, shown, chosen))
        finally:
            shown.clear()


class Desk:
    """What the commands have in hand. `wanted`: where a result goes."""

    def __init__(self, server: Server, shown: Meter, chosen: argparse.Namespace) -> None:
        self.server = server
        self.meter = shown
        self.chosen = chosen
        self.follow: bool = getattr(chosen, "follow", False)
        self.json: bool = getattr(chosen, "json", False)
        self.wanted = wanted(getattr(chosen, "format", None), getattr(chosen, "output", None))

    def say(self, line: str) -> None:
        self.meter.write(line + "\n", sys.stdout)

    def note(self, sentence: str) -> None:
        self.meter.write(sentence + "\n", sys.stderr)

    def finish(self, job_id: str, name: str) -> bool:
        """Follow a job to its end and write its result where it is wanted. False: it has none, and that has
        been said. Raises Unreachable, Unfit."""
        show, following = self._show(name), Following(self.server, job_id)
        try:
            for event in following.events():
                show.event(event)
            show.end()
            self.meter.clear()
            state = following.state
            if state["status"] != "completed":
                raise Refused(_why(state))
            if self.wanted:
                export(self.server, job_id, self.wanted.form, self.wanted.path(name))
        except Refused as error:
            self.meter.clear()
            self.note(f"{name}: {error}")
            return False
        self.note(f"{name}: completed. {state['note'] or ''}".rstrip())
        return True

    def _show(self, name: str) -> Show:
        if self.json:
            return JsonLines(name, self.meter, sys.stdout)
        out = sys.stderr if self.wanted and self.wanted.output == STDOUT else sys.stdout
        return Words(name, self.meter, out if self.follow else None, sys.stderr)


def upload(desk: Desk) -> int:
    chosen = desk.chosen
    wishes = Wishes(chosen.language, chosen.task, chosen.words, chosen.priority, chosen.webhook, chosen.reference)
    uploads = [Upload(path, wishes, desk.meter.sent) for path in chosen.files]
    if desk.wanted:
        if desk.json and desk.wanted.output == STDOUT:
            raise Unfit("--json writes to standard output: name a file for the result with --output")
        desk.wanted.check([one.name for one in uploads])
    sent: list[tuple[str, str]] = []
    try:
        for one in uploads:  # all of them first: the server works on several at a time
            job_id = _send(desk, one)
            sent += [(one.name, job_id)] if job_id else []
        good = len(sent)
        while sent and (desk.follow or desk.wanted):
            name, job_id = sent[0]
            if len(uploads) > 1 and not (desk.json or desk.wanted):
                desk.say(f"{name}:")
            good -= not desk.finish(job_id, name)
            sent.pop(0)
    except (KeyboardInterrupt, Unreachable):
        desk.meter.clear()
        for name, job_id in sent:
            desk.note(f"The server goes on with {name}: `result {job_id} --follow` shows it, `cancel` ends it.")
        raise
    return 0 if good == len(uploads) else 1


def _send(desk: Desk, one: Upload) -> str | None:
    """The job's id. None: it was refused, and that has been said."""
    try:
        job = one.send(desk.server)
    except Refused as error:
        desk.meter.clear()
        desk.note(f"{one.name}: {error}")
        return None
    desk.meter.clear()
    job_id: str = job["id"]
    if desk.json:
        desk.say(codec.json_text(job))
    elif not (desk.follow or desk.wanted):
        desk.say(job_id)
    desk.note(f"{one.name}: {job_id}{', as before: it was here already' if job['existing'] else ''}")
    return job_id


def jobs(desk: Desk) -> int:
    if not desk.chosen.token:
        raise Unfit("jobs lists the recordings of one secret: say --token SECRET or set RECORDER_TOKEN")
    answer = desk.server.json("GET", "/v1/jobs", params={"limit": desk.chosen.limit})
    for job in answer["jobs"]:
        desk.say(codec.json_text(job) if desk.chosen.json else line(job))
    for job_id in answer.get("unreadable", ()):
        desk.note(f"{job_id} cannot be read by this version of the server; cancel --erase {job_id} removes it.")
    if answer["before"]:
        desk.note("There are older ones, too.")
    return 0


def result(desk: Desk) -> int:
    job_id = desk.chosen.id
    desk.wanted = desk.wanted or Wanted("txt")
    desk.wanted.check([job_id])
    if desk.follow:
        return 0 if desk.finish(job_id, job_id) else 1
    export(desk.server, job_id, desk.wanted.form, desk.wanted.path(job_id))
    return 0


def cancel(desk: Desk) -> int:
    failures = 0
    for job_id in desk.chosen.ids:
        try:
            said = _cancel(desk, job_id)
        except Refused as error:
            failures += 1
            said = f"not cancelled: {error}"
        desk.note(f"{job_id} {said}.")
    return 1 if failures else 0


def _cancel(desk: Desk, job_id: str) -> str:
    """What became of it. Raises Refused, Unreachable."""
    path = f"/v1/jobs/{job_id}"
    if not desk.chosen.erase:  # else it may also be one that the server cannot read
        status = desk.server.json("GET", path)["status"]
        if status in ("completed", "failed"):
            raise Refused(f"it is {status}; --erase removes it with its result")
    left = desk.server.json("DELETE", path)
    if left and desk.chosen.erase:
        return "is cancelled and its sound erased"
    return "is cancelled" if left else "is erased"


def line(job: Job) -> str:
    """One job in a list, in local time."""
    created = time.strftime("%Y-%m-%d %H:%M", time.localtime(job["created_at"]))
    seconds = round(job["seconds"] or 0)
    length = f"{seconds // 60}:{seconds % 60:02d}" if job["seconds"] is not None else "-"
    return f"{job['id']}  {created}  {job['status']:9}  {job['progress']:3} %  {length:>6}  {job['name']}"


def _why(state: Job) -> str:
    problem = state["error"]
    return f"failed: {problem['message']} ({problem['code']})" if problem else f"was {state['status']}"
