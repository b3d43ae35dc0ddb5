/**
 * What a client keeps of one session, so that it can go on with it on another socket. Pure.
 * The session's samples and the ring's positions are both counted at the capture's rate here.
 */
export class Session {
  /**
   * @param {{session: string, key: string}} names as in `ready`; without a key nothing can be resumed
   * @param {number|null} base ring position of the session's sample 0; below 0 where the session began
   *   before this page was loaded; null until the server says where it goes on
   */
  constructor({ session, key }, base = null) {
    this.id = session;
    this.key = key;
    this.base = base;
    this.seq = 0;
  }

  /** What `start` says to go on with it. */
  claim() {
    return this.key ? { session: this.id, key: this.key, after: this.seq } : {};
  }

  /** Does `ready` give this session back? */
  isIn({ resumed, session }) {
    return resumed === true && session === this.id;
  }

  /** False for a durable event that has come before. */
  takes({ seq }) {
    if (seq == null) return true;
    if (seq <= this.seq) return false;
    this.seq = seq;
    return true;
  }
}
