"""PURE: what must be true after every run, whatever was thrown. Each difference is a sentence."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from contracts.audio import SAMPLE_RATE
from tests.faults.evidence import FINAL, RESULT, TRANSCRIPT, Event, Evidence, Kept

TOUCHING_SECONDS = 0.02
"""So much may two utterances of a session overlap: their times are rounded."""


def differences(evidence: Evidence) -> list[str]:
    """Everything that is not as it must be; nothing when all is well."""
    checks = (_ledger, _numbers, _connections, _clients, _ends, _speech, _results, _log, _rest)
    return [sentence for check in checks for sentence in check(evidence)]


def missing(evidence: Evidence) -> int:
    """Accepted utterances that came to no end."""
    return sum(max(0, kept.accepted - len(_finals(kept))) for kept in evidence.sessions.values())


def doubled(evidence: Evidence) -> int:
    """Ends of utterances beyond the first, in the streams and in the log."""
    ends = sum(sum(count - 1 for count in _finals(kept).values()) for kept in evidence.sessions.values())
    lines = Counter((line.session, line.utterance) for line in evidence.log.lines)
    return ends + sum(count - 1 for count in lines.values())


def _finals(kept: Kept) -> Counter[int]:
    return Counter(event.utterance for event in kept.events if event.kind in FINAL)


def _ledger(evidence: Evidence) -> Iterator[str]:
    """accepted = results + errors, one each."""
    for session, kept in evidence.sessions.items():
        finals, wanted = _finals(kept), range(1, kept.accepted + 1)
        for utterance in wanted:
            if finals[utterance] != 1:
                yield f"{session}: utterance {utterance} was accepted and has {finals[utterance]} ends"
        for utterance in sorted(finals.keys() - set(wanted)):
            yield f"{session}: utterance {utterance} has an end and was never accepted ({kept.accepted} were)"
        transcripts = Counter(event.utterance for event in kept.events if event.kind == TRANSCRIPT)
        results = {event.utterance for event in kept.events if event.kind == RESULT}
        for utterance in results:
            if transcripts[utterance] != 1:
                yield f"{session}: utterance {utterance} has a result and {transcripts[utterance]} transcripts"


def _numbers(evidence: Evidence) -> Iterator[str]:
    for session, kept in evidence.sessions.items():
        seqs = [event.seq for event in kept.events]
        if seqs != list(range(1, kept.seq + 1)):
            yield f"{session}: its events are not 1 to {kept.seq}: {_gaps(seqs, kept.seq)}"


def _connections(evidence: Evidence) -> Iterator[str]:
    """Each connection brings what comes after, without a gap and without a repetition."""
    for witness in evidence.witnesses:
        for one in witness.connections:
            trimmed = _kept(evidence, one.session).trimmed if one.gone else frozenset()
            first, last = one.after + 1, max([one.after, *one.seqs])
            wanted = [seq for seq in range(first, last + 1) if seq in one.seqs or seq not in trimmed]
            if list(one.seqs) != wanted:
                yield f"{witness.name}: a connection of {one.session} after {one.after} brought {list(one.seqs)}"


def _clients(evidence: Evidence) -> Iterator[str]:
    """What a client has is what the stream holds: all of it, or, if it left, its beginning."""
    for witness in evidence.witnesses:
        sessions = list(dict.fromkeys(one.session for one in witness.connections))
        if len(sessions) > 1:
            yield f"{witness.name}: its session was forgotten; it had {sessions}"
        for session in sessions:
            kept = _kept(evidence, session)
            had = [(one.seq, one.kind, one.utterance) for one in witness.had if one.session == session]
            told_gone = any(one.gone for one in witness.connections if one.session == session)
            have = {seq for seq, _, _ in had}
            events = [
                (event.seq, event.kind, event.utterance)
                for event in kept.events
                if event.seq in have or not (told_gone and event.seq in kept.trimmed)
            ]
            if witness.left:
                events = events[: len(had)]
            if had != events:
                yield f"{witness.name}: has of {session} {_apart(had, events)}"


def _ends(evidence: Evidence) -> Iterator[str]:
    for witness in evidence.witnesses:
        if witness.trouble:
            yield f"{witness.name}: ended with {witness.trouble}"
        elif not witness.left and witness.done is None:
            yield f"{witness.name}: was never told that everything is done"
        elif witness.done is not None and len({one.session for one in witness.connections}) == 1:
            samples, utterances = witness.done
            accepted = _kept(evidence, witness.connections[0].session).accepted
            if samples != witness.given:
                yield f"{witness.name}: gave {witness.given} samples, the server counts {samples}"
            if utterances != accepted:
                yield f"{witness.name}: was told of {utterances} utterances, {accepted} were accepted"


def _speech(evidence: Evidence) -> Iterator[str]:
    """All that was said, and that its speaker was told is accepted, is in some utterance that has its end,
    and in one alone, whether the speaker waited for it or left."""
    for witness in evidence.witnesses:
        if len({one.session for one in witness.connections}) != 1:
            continue
        safe = witness.given if witness.done else witness.accepted
        kept = _kept(evidence, witness.connections[0].session)
        ends = sorted((e.start, e.end) for e in kept.events if e.kind in FINAL and e.start is not None and e.end)
        for spoken in (one for one in witness.spoken if one.end <= safe):
            middle = (spoken.start + spoken.end) / 2 / SAMPLE_RATE
            if not any(start <= middle <= end for start, end in ends):
                yield f"{witness.name}: nothing came of what was said at {middle:.1f} s"
        for (_, end), (start, _) in zip(ends, ends[1:], strict=False):
            if start < end - TOUCHING_SECONDS:
                yield f"{witness.name}: two utterances hold what was said at {start:.2f} to {end:.2f} s"


def _results(evidence: Evidence) -> Iterator[str]:
    """The stream `results` holds the end of every utterance, numbered without a gap."""
    numbers = [entry.n for entry in evidence.results]
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"the entries of results are not numbered 1 to {len(numbers)}: {numbers[:20]} ..."
    ends = Counter((s, event.utterance) for s, kept in evidence.sessions.items() for event in _final_events(kept))
    entries = Counter((entry.session, entry.utterance) for entry in evidence.results)
    for session, utterance in ends.keys() | entries.keys():
        if ends[session, utterance] != entries[session, utterance]:
            yield f"{session}: utterance {utterance} is in results {entries[session, utterance]} times"


def _log(evidence: Evidence) -> Iterator[str]:
    """One line per entry of `results`, but for those that it says were removed; per session in order."""
    log = evidence.log
    yield from (f"not a line of the log: {text!r}" for text in log.unreadable)
    for number in sorted(log.lost - evidence.trimmed):
        yield f"the log says that result {number} was removed, and it was not"
    lines = Counter(line.id for line in log.lines)
    for entry in evidence.results:
        wanted = 0 if entry.n in log.lost else 1
        if lines.pop(entry.id, 0) != wanted:
            yield f"{entry.session}: utterance {entry.utterance} (n={entry.n}, id={entry.id}) has not {wanted} lines"
    for entry_id in lines:
        yield f"the log has a line of {entry_id}, which is in no stream"
    for session, kept in evidence.sessions.items():
        told = [(line.utterance, line.kind) for line in log.lines if line.session == session]
        said = set(told)
        ends = [(event.utterance, event.kind) for event in _final_events(kept)]
        if told != [end for end in ends if end in said]:
            yield f"{session}: the order of the log's lines is another: {told}"
    if log.counted is not None and log.counted[0] != log.counted[1]:
        yield f"the statistics count {log.counted[0]} lines, {log.counted[1]} stand before them"


def _rest(evidence: Evidence) -> Iterator[str]:
    for key, size in evidence.left_over.items():
        if size:
            yield f"left over: {key} holds {size}"


def _final_events(kept: Kept) -> list[Event]:
    return [event for event in kept.events if event.kind in FINAL]


def _kept(evidence: Evidence, session: str) -> Kept:
    return evidence.sessions.get(session, Kept(0, 0, ()))


def _gaps(seqs: Sequence[int], last: int) -> str:
    counts = Counter(seqs)
    absent = [seq for seq in range(1, last + 1) if not counts[seq]]
    twice = [seq for seq, count in counts.items() if count > 1]
    return f"missing {absent[:10]}, doubled {twice[:10]}, {len(seqs)} in all"


def _apart(had: Iterable[object], events: Iterable[object]) -> str:
    counted, kept = Counter(had), Counter(events)
    less, more = list((kept - counted).elements()), list((counted - kept).elements())
    return f"too few {less[:5]} ({len(less)}), too many {more[:5]} ({len(more)}), or another order"
