/**
 * Runs on the audio thread: mixes the microphone to mono, cuts blocks of 1024 samples and hands them
 * straight to the socket's worker; tells the page the level about twelve times a second.
 * One file without imports: not every browser loads imports in a worklet.
 */
const BLOCK = 1024;
const LEVELS_PER_SECOND = 12;

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.pipe = null;
    this.block = new Float32Array(BLOCK);
    this.filled = 0;
    this.peak = 0;
    this.squares = 0;
    this.measured = 0;
    this.port.onmessage = ({ data }) => {
      if (data.type === "pipe") this.pipe = data.pipe;
      if (data.type === "flush") this.flush();
    };
  }

  /** Always true: a processor that returns anything else is ended, even by one empty input. */
  process(inputs) {
    const channels = inputs[0] ?? [];
    const length = channels.length ? channels[0].length : 0;
    for (let i = 0; i < length; i++) {
      let sample = channels[0][i];
      for (let c = 1; c < channels.length; c++) sample += channels[c][i];
      this.take(sample / channels.length);
    }
    return true;
  }

  take(sample) {
    this.block[this.filled++] = sample;
    if (this.filled === BLOCK) this.hand();
    this.peak = Math.max(this.peak, Math.abs(sample));
    this.squares += sample * sample;
    if (++this.measured * LEVELS_PER_SECOND >= sampleRate) this.tell();
  }

  hand() {
    const samples = this.block.slice(0, this.filled);
    this.filled = 0;
    this.pipe?.postMessage(samples, [samples.buffer]);
  }

  tell() {
    const seconds = this.measured / sampleRate;
    this.port.postMessage({ peak: this.peak, rms: Math.sqrt(this.squares / this.measured), seconds });
    this.peak = this.squares = this.measured = 0;
  }

  flush() {
    if (this.filled) this.hand();
    this.pipe?.postMessage("flushed");
  }
}

registerProcessor("capture", Capture);
