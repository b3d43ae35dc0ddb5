/**
 * One recording's job, as the server's answers and events tell of it. Pure: no page, no clock, no network.
 * Its parts come in no particular order and may come twice; a result takes the place of all that came before.
 */

/** Statuses after which nothing more is expected. */
export const ENDS = ["completed", "failed", "cancelled"];

/** Names of the server's events about a job. */
export const EVENTS = ["progress", "segment", "problem", ...ENDS];

export class Recording {
  constructor(id) {
    this.id = id;
    this.state = null; // the newest of GET /v1/jobs/{id}, with what events have changed of it
    this.segments = new Map(); // as js/captions.js has utterances, by number
    this.result = null;
    this.last = 0;
  }

  /** What GET /v1/jobs/{id}, or the answer to the upload, says. An older answer does not undo what events told. */
  learn(state) {
    const known = this.state;
    this.state = { ...state };
    if (!known) return;
    if (ENDS.includes(known.status) && !ENDS.includes(state.status)) Object.assign(this.state, told(known));
    else if (!ENDS.includes(state.status) && known.progress > state.progress) Object.assign(this.state, told(known));
  }

  /**
   * @param {string} event one of EVENTS
   * @param {object} data its JSON
   * @param {number} seq its id
   * @returns {object|null|undefined} the segment that is new, null when something else is, undefined when nothing is
   */
  apply(event, data, seq) {
    if (seq <= this.last) return undefined;
    this.last = seq;
    if (event === "segment" || event === "problem") return this.#take(data, event === "problem");
    const change = event === "progress" ? told(data) : ended(event, data, this.state?.progress ?? 0);
    this.state = { ...this.state, ...change };
    return null;
  }

  /** The whole, once it is completed. */
  finish(result) {
    this.result = result;
    this.segments.clear();
    for (const segment of result.segments) this.#keep(utterance(this.id, segment.id, segment));
    for (const { segment, start, end, code, message } of result.errors) {
      if (!segment || this.segments.has(segment)) continue;
      this.#keep(utterance(this.id, segment, { start: start ?? 0, end: end ?? start ?? 0, error: { code, message } }));
    }
  }

  get over() {
    return ENDS.includes(this.state?.status);
  }

  /** Its length is not known here, but the server has it: it is decoded, or has ended. */
  get measurable() {
    return !this.state.seconds && !["queued", "prepare"].includes(this.state.stage);
  }

  /** Everything so far in the order of the sound. */
  get ordered() {
    return [...this.segments.values()].sort((a, b) => a.start - b.start || a.number - b.number);
  }

  #take(data, failed) {
    if (failed && !data.utterance) return null; // of the whole, or of its preparation: the end tells it
    const error = failed ? { code: data.code, message: data.message } : null;
    return this.#keep(utterance(this.id, data.utterance, { ...data, error }));
  }

  #keep(segment) {
    this.segments.set(segment.number, segment);
    return segment;
  }
}

const told = ({ status, stage, progress, message }) => ({ status, stage, progress, message });

function ended(status, { code, message }, progress) {
  const error = status === "failed" ? { code, message } : null;
  return { status, stage: "done", progress: status === "completed" ? 100 : progress, message, error };
}

/** A segment in the shape in which the page draws captions. */
function utterance(session, number, { start, end, text, language, confidence, task, sentiment, words, dropped, error }) {
  return {
    key: `${session}:${number}`, session, number, start: start ?? 0, end: end ?? start ?? 0, stable: "", tail: "",
    text: error ? null : (text ?? ""), language: language ?? null, confidence: confidence ?? null,
    task: task ?? "transcribe", sentiment: sentiment ?? null, words: words ?? null, dropped: dropped ?? null,
    error: error ?? null, cut: false,
  };
}
