/**
 * What has been said so far, from the gateway's messages. Pure: no page, no clock.
 * A repeated `seq` changes nothing; a final replaces its partials; a partial after a final is ignored.
 * Of more than `most` utterances the oldest leave, unless they are still open.
 *
 * @typedef {object} Utterance
 * @property {string} key session and number: unique on the page
 * @property {string} session
 * @property {number} number
 * @property {number} start seconds since the page began to listen
 * @property {number} end
 * @property {string} stable words that stay while the utterance is spoken
 * @property {string} tail words that may still change
 * @property {string|null} text the final words
 * @property {string|null} language
 * @property {number|null} confidence
 * @property {"transcribe"|"translate"} task
 * @property {object|null} sentiment as in the `result` message
 * @property {string|null} dropped why a filter emptied it
 * @property {{code: string, message: string}|null} error
 * @property {boolean} cut its session broke off before it was complete
 */

/** As many as the server keeps of a session: eleven hours of one who speaks all the time. */
export const MOST = 10_000;

export class Captions {
  constructor(most = MOST) {
    this.most = most;
    /** @type {Map<string, Utterance>} in order of arrival */
    this.utterances = new Map();
    this.sessions = new Map();
    this.end = 0;
  }

  /** A session begins; its second 0 is second `offset` of the page's listening. */
  open(session, offset) {
    this.sessions.set(session, { offset, seen: 0, accepted: 0 });
  }

  /**
   * @param {{type: string, session: string, utterance?: number, seq?: number}} message
   * @returns {Utterance|null} the utterance that changed
   */
  apply(message) {
    const session = this.sessions.get(message.session);
    if (!session || message.utterance == null) return null;
    if (message.seq != null) {
      if (message.seq <= session.seen) return null; // they come in order
      session.seen = message.seq;
    }
    const utterance = this.#find(message, session.offset);
    if (message.type === "partial" && (utterance.text !== null || isComplete(utterance))) return null;
    const before = JSON.stringify(utterance);
    CHANGES[message.type]?.(utterance, message);
    if (message.start != null) utterance.start = session.offset + message.start;
    if (message.end != null) utterance.end = session.offset + message.end;
    this.end = Math.max(this.end, utterance.end);
    return before === JSON.stringify(utterance) ? null : utterance;
  }

  /** The server has everything before this second of the session. */
  accept(session, seconds) {
    const found = this.sessions.get(session);
    if (found) found.accepted = Math.max(found.accepted, seconds);
  }

  /**
   * The session will not go on. What was not accepted will be said again in the next one and leaves; what
   * was accepted but is incomplete stays, marked as cut.
   * @returns {{cut: Utterance[], gone: Utterance[]}}
   */
  disconnect(session) {
    const gone = this.#withdraw(session);
    const cut = this.#of(session).filter((u) => !isComplete(u));
    for (const utterance of cut) utterance.cut = true;
    return { cut, gone };
  }

  /**
   * The session goes on with another connection, its sound from this second on. What was not accepted will
   * be said again and leaves; nothing is cut any more.
   * @returns {{open: Utterance[], gone: Utterance[]}} open: those that were cut
   */
  resume(session, seconds) {
    this.accept(session, seconds);
    const open = this.#of(session).filter((u) => u.cut);
    for (const utterance of open) utterance.cut = false;
    return { open, gone: this.#withdraw(session) };
  }

  /** Make room: what is complete leaves, the oldest first. @returns {Utterance[]} those that left */
  forget() {
    const left = [];
    for (const utterance of this.utterances.values()) {
      if (this.utterances.size <= this.most) break;
      if (!isComplete(utterance)) continue;
      this.utterances.delete(utterance.key);
      left.push(utterance);
    }
    return left;
  }

  /** Those with final words, in the order spoken. @returns {Utterance[]} */
  spoken() {
    return [...this.utterances.values()].filter((u) => u.text).sort((a, b) => a.start - b.start);
  }

  clear() {
    this.utterances.clear();
    this.sessions.clear();
  }

  #of(session) {
    return [...this.utterances.values()].filter((u) => u.session === session);
  }

  /** Tentative words of what the server has not accepted. */
  #withdraw(session) {
    const { offset, accepted } = this.sessions.get(session);
    const gone = this.#of(session).filter((u) => !isComplete(u) && u.text === null && u.end - offset > accepted);
    for (const utterance of gone) this.utterances.delete(utterance.key);
    return gone;
  }

  #find({ session, utterance: number, start, end, task }, offset) {
    const key = `${session}:${number}`;
    if (!this.utterances.has(key)) {
      this.utterances.set(key, {
        key, session, number, start: offset + (start ?? 0), end: offset + (end ?? 0),
        stable: "", tail: "", text: null, language: null, confidence: null, task: task ?? "transcribe",
        sentiment: null, dropped: null, error: null, cut: false,
      });
    }
    return this.utterances.get(key);
  }
}

/** @param {Utterance} u nothing more will come for it */
export function isComplete(u) {
  return u.cut || u.error !== null || u.sentiment !== null || u.dropped !== null;
}

/** @param {Utterance} u it has, or may get, words to show */
export function isVisible(u) {
  if (u.error || u.cut) return true;
  return !u.dropped && Boolean(u.text ?? u.stable + u.tail);
}

const final = (utterance, message) => {
  const { text, language, confidence, task, dropped } = message;
  Object.assign(utterance, { text, language, confidence, task: task ?? "transcribe", dropped: dropped ?? null });
  utterance.stable = utterance.tail = "";
};

const CHANGES = {
  partial(utterance, { stable, tail }) {
    Object.assign(utterance, { stable, tail });
  },
  transcript: final,
  result(utterance, message) {
    final(utterance, message);
    utterance.sentiment = message.sentiment;
  },
  error(utterance, { code, message }) {
    utterance.error = { code, message };
  },
};
