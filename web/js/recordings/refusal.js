/** Why the server did not do what it was asked for. Pure. */

const PASSING = [0, 408, 429, 502, 503, 504];

export class Refusal extends Error {
  /**
   * @param {number} status of the answer; 0: none came
   * @param {string} code one word, of the server's or "offline", "unreachable", "too_large"
   * @param {string} message the server's sentence, or empty
   * @param {number|null} wait seconds after which it is worth trying again
   * @param {string|null} field the parameter that it is about
   */
  constructor(status, code, message = "", wait = null, field = null) {
    super(message || code);
    this.status = status;
    this.code = code;
    this.message = message;
    this.wait = wait;
    this.field = field;
  }

  /** Whether the same may be asked for again in a while. */
  get passing() {
    return PASSING.includes(this.status);
  }
}

/**
 * From an answer that is no success. The API, what is in front of it and a proxy of somebody else's each
 * have a form of their own.
 * @param {string} body
 * @param {string|null} retryAfter the header
 */
export function refusal(status, body, retryAfter = null) {
  const { code, message, field } = said(body);
  const wait = Number(retryAfter) > 0 ? Number(retryAfter) : null;
  return new Refusal(status, code ?? (status === 413 ? "too_large" : "refused"), message ?? "", wait, field);
}

/** No answer at all. */
export const away = (online) => new Refusal(0, online ? "unreachable" : "offline");

function said(body) {
  try {
    const answer = JSON.parse(body);
    const error = answer?.error ?? answer ?? {};
    const text = (value) => (typeof value === "string" && value ? value : undefined);
    return { code: text(error.code), message: text(error.message) ?? text(answer?.detail), field: text(error.field) };
  } catch {
    return {}; // a page of HTML, or nothing
  }
}
