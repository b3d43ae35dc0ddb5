/**
 * Is anything to be heard? Levels in, "heard", "quiet" or "zeros" out. Pure: time is what the levels say.
 * A muted or revoked microphone goes on giving exact zeros without any event; a far one gives a faint hiss.
 * Once something was heard, silence is only somebody who does not speak, and noise filters make zeros of it:
 * then only long exact zeros count.
 */
export const RULES = Object.freeze({ zerosSeconds: 3, zerosAfterSoundSeconds: 30, quietSeconds: 10, quietPeak: 0.004 });

export class Hearing {
  constructor(rules = RULES) {
    this.rules = rules;
    this.reset();
  }

  /** Another microphone, or unmuted: nothing is known of it yet. */
  reset() {
    this.zeros = 0;
    this.faint = 0;
    this.known = false;
    this.state = "heard";
  }

  /**
   * @param {{peak: number, seconds: number}} level of the last stretch
   * @returns {"heard"|"quiet"|"zeros"}
   */
  take({ peak, seconds }) {
    const { zerosSeconds, zerosAfterSoundSeconds, quietSeconds, quietPeak } = this.rules;
    this.zeros = peak === 0 ? this.zeros + seconds : 0;
    this.faint = peak < quietPeak ? this.faint + seconds : 0;
    if (this.faint === 0) {
      this.known = true;
      this.state = "heard";
    } else if (this.zeros >= (this.known ? zerosAfterSoundSeconds : zerosSeconds)) this.state = "zeros";
    else if (!this.known && this.faint >= quietSeconds) this.state = "quiet";
    return this.state;
  }
}
