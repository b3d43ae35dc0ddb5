/**
 * Follows a job's events until its end: a connection that breaks is made again, after the last event that
 * was had, and what the server says when it does not want to is asked for.
 */
import { waitMs } from "../backoff.js";
import { ENDS, EVENTS } from "./recording.js";

const WAIT = { firstMs: 1000, capMs: 30_000 };

/** What of the world this file needs; a test gives its own. */
const WORLD = {
  source: (address) => new EventSource(address),
  later: (work, ms) => setTimeout(work, ms),
  never: (timer) => clearTimeout(timer),
  random: () => Math.random(),
};

export class Events {
  /**
   * @param {string} address of the stream
   * @param {number} after the last event that is known, 0 for none
   * @param {{event: (name: string, data: object, seq: number) => void, up: () => void, away: (ms: number) => void,
   *   look: () => Promise<boolean>}} hear look: asks whether the job is still there, false: do not go on
   */
  constructor(address, after, hear, world = WORLD) {
    Object.assign(this, { address, after, hear, world });
    this.attempt = 0;
    this.source = null;
    this.timer = null;
    this.closed = false;
    this.#open();
  }

  close() {
    this.closed = true;
    this.world.never(this.timer);
    this.source?.close();
  }

  /** The network is said to be back: do not wait any longer. */
  hurry() {
    if (this.timer === null || this.closed) return;
    this.world.never(this.timer);
    this.#again();
  }

  #open() {
    const source = this.world.source(this.after ? `${this.address}?after=${this.after}` : this.address);
    this.source = source;
    source.onopen = () => {
      this.attempt = 0;
      this.hear.up();
    };
    source.onerror = () => this.#broken(source);
    for (const name of EVENTS) source.addEventListener(name, (event) => this.#take(name, event));
  }

  #take(name, { data, lastEventId }) {
    if (this.closed) return;
    this.after = Math.max(this.after, Number(lastEventId));
    if (ENDS.includes(name)) this.close();
    this.hear.event(name, JSON.parse(data), Number(lastEventId));
  }

  /** A browser goes on by itself after a broken connection, and gives up after an answer it cannot use. */
  #broken(source) {
    if (this.closed || source !== this.source) return;
    const wait = waitMs(this.attempt, this.world.random(), WAIT);
    this.attempt += 1;
    this.hear.away(wait);
    if (source.readyState !== 2 && this.attempt < 2) return;
    source.close(); // from now on at our own pace, which spares a server that has trouble
    this.timer = this.world.later(() => this.#again(), wait);
  }

  async #again() {
    this.timer = null;
    let there = true;
    try {
      there = await this.hear.look();
    } catch {
      if (!this.closed) this.#broken(this.source); // not even that: later
      return;
    }
    if (there && !this.closed) this.#open();
  }
}
