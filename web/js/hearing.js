/**
 * Is anything to be heard? Levels in, "heard", "quiet" or "zeros" out. Pure: time is what the levels say.
 * A muted or revoked microphone goes on giving exact zeros without any event; a far one gives a faint hiss.
 */
export const RULES = Object.freeze({ zerosSeconds: 2.5, quietSeconds: 10, quietPeak: 0.004 });

export class Hearing {
  constructor(rules = RULES) {
    this.rules = rules;
    this.reset();
  }

  reset() {
    this.zeros = 0;
    this.faint = 0;
    this.state = "heard";
  }

  /**
   * @param {{peak: number, seconds: number}} level of the last stretch
   * @returns {"heard"|"quiet"|"zeros"}
   */
  take({ peak, seconds }) {
    this.zeros = peak === 0 ? this.zeros + seconds : 0;
    this.faint = peak < this.rules.quietPeak ? this.faint + seconds : 0;
    if (this.zeros >= this.rules.zerosSeconds) this.state = "zeros";
    else if (this.faint >= this.rules.quietSeconds) this.state = "quiet";
    else if (this.faint === 0) this.state = "heard";
    return this.state;
  }
}
