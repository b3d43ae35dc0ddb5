/**
 * The captured audio that the server has not accepted yet, bounded. Pure.
 * Positions are sample numbers since the capture began, at the capture's rate.
 */
export class Ring {
  /** @param {number} limit most samples kept; older ones are given up */
  constructor(limit) {
    this.limit = limit;
    this.first = 0;
    this.end = 0;
    /** @type {Float32Array[]} */
    this.blocks = [];
  }

  /** @param {Float32Array} block */
  push(block) {
    this.blocks.push(block);
    this.end += block.length;
    if (this.end - this.first > this.limit) this.forget(this.end - this.limit);
  }

  /** Drop every sample before `position`. */
  forget(position) {
    const until = Math.min(position, this.end);
    while (this.first < until) {
      const block = this.blocks[0];
      const cut = Math.min(block.length, until - this.first);
      if (cut === block.length) this.blocks.shift();
      else this.blocks[0] = block.subarray(cut);
      this.first += cut;
    }
  }

  /**
   * Up to `most` samples from `position` on, in one array; empty when there are none.
   * @returns {Float32Array}
   */
  read(position, most) {
    const from = Math.max(position, this.first);
    const joined = new Float32Array(Math.max(0, Math.min(most, this.end - from)));
    let filled = 0;
    let at = this.first;
    for (const block of this.blocks) {
      if (filled === joined.length) break;
      const skip = Math.max(0, from - at);
      if (skip < block.length) {
        const part = block.subarray(skip, skip + joined.length - filled);
        joined.set(part, filled);
        filled += part.length;
      }
      at += block.length;
    }
    return joined;
  }
}
