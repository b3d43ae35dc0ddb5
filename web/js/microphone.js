/**
 * The microphone: permission, audio context, capture worklet, device changes, and every way in which
 * browsers let it fall silent. Reports `level`, `lost`, `suspended`, `resumed`; knows nothing of sockets.
 */
const WORKLET = new URL("capture-worklet.js", import.meta.url);
const WANTED_RATE = 16_000;
const HIGHEST_RATE = 96_000;
const RESUME_MS = 3000;

const PROBLEM_OF = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "nodevice",
  OverconstrainedError: "nodevice",
  NotReadableError: "busy",
  AbortError: "busy",
};

/** Why there will be no microphone; `problem` is one of the page's states. */
export class MicrophoneProblem extends Error {
  constructor(problem, message) {
    super(message);
    this.problem = problem;
  }
}

/** What the browser lacks: {problem, missing} or null. Must be asked before anything else. */
export function obstacle() {
  if (!window.isSecureContext) return { problem: "insecure", missing: "" };
  const has = {
    getUserMedia: navigator.mediaDevices?.getUserMedia,
    AudioWorklet: window.AudioWorkletNode,
    WebSocket: window.WebSocket,
    Worker: window.Worker,
  };
  const missing = Object.keys(has).filter((name) => !has[name]).join(", ");
  return missing ? { problem: "unsupported", missing } : null;
}

function audioContext(rate) {
  try {
    return new AudioContext(rate ? { sampleRate: rate } : {});
  } catch (error) {
    if (error.name === "NotSupportedError" && rate) return audioContext(null);
    throw error;
  }
}

export class Microphone {
  /** Call in the click: browsers start sound only from a gesture. @param {(event: object) => void} report */
  constructor(report, { raw = false } = {}) {
    this.report = report;
    this.raw = raw;
    this.muted = false;
    this.closed = false;
    this.context = audioContext(WANTED_RATE);
    this.resuming = this.context.resume();
  }

  get sampleRate() {
    return this.context.sampleRate;
  }

  get track() {
    return this.stream?.getAudioTracks()[0] ?? null;
  }

  /** Ask for permission and start. Raises MicrophoneProblem. @param {MessagePort} pipe where blocks go */
  async open(deviceId, pipe) {
    this.stream = await this.#ask(deviceId);
    await this.#running();
    await this.context.audioWorklet.addModule(WORKLET);
    try {
      this.source = this.context.createMediaStreamSource(this.stream);
    } catch (error) {
      if (error.name !== "NotSupportedError") throw error;
      await this.#nativeRate(); // browsers that refuse to join two rates: the server resamples
    }
    this.node = new AudioWorkletNode(this.context, "capture", { numberOfInputs: 1, numberOfOutputs: 1 });
    this.node.port.onmessage = ({ data }) => this.report({ type: "level", ...data });
    this.node.port.postMessage({ type: "pipe", pipe }, [pipe]);
    this.source.connect(this.node).connect(this.context.destination); // silent; Safari runs only what is connected
    this.context.onstatechange = () => this.#contextChanged();
    this.#watch();
  }

  async #ask(deviceId) {
    const clean = !this.raw;
    const audio = { echoCancellation: clean, noiseSuppression: clean, autoGainControl: clean, channelCount: 1 };
    if (deviceId) audio.deviceId = { exact: deviceId };
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio });
    } catch (error) {
      throw new MicrophoneProblem(PROBLEM_OF[error.name] ?? "error", `${error.name}: ${error.message}`);
    }
    if (this.closed) {
      // granted after nobody wanted it any more: it must not go on hearing
      stream.getTracks().forEach((track) => track.stop());
      throw new MicrophoneProblem("error", "the microphone was closed before it was granted");
    }
    return stream;
  }

  async #running() {
    const timeout = new Promise((resolve) => setTimeout(resolve, RESUME_MS));
    await Promise.race([this.resuming, timeout]);
    if (this.context.state !== "running") await Promise.race([this.context.resume(), timeout]);
    if (this.context.state !== "running") throw new MicrophoneProblem("blocked", `audio is ${this.context.state}`);
  }

  async #nativeRate() {
    await this.context.close();
    const own = this.track.getSettings().sampleRate;
    this.context = audioContext(own <= HIGHEST_RATE ? own : null);
    this.resuming = this.context.resume();
    await this.#running();
    await this.context.audioWorklet.addModule(WORKLET);
    this.source = this.context.createMediaStreamSource(this.stream);
  }

  #watch() {
    const track = this.track;
    track.enabled = !this.muted;
    track.onended = () => track === this.track && !this.closed && this.report({ type: "lost" });
  }

  #contextChanged() {
    if (this.closed) return;
    const running = this.context.state === "running";
    this.report({ type: running ? "resumed" : "suspended", state: this.context.state });
  }

  /** Go on with another device; the graph, its rate and the sample numbers stay. */
  async use(deviceId) {
    const stream = await this.#ask(deviceId);
    const source = this.context.createMediaStreamSource(stream);
    this.source.disconnect();
    this.stream.getTracks().forEach((track) => track.stop());
    this.stream = stream;
    this.source = source;
    source.connect(this.node);
    this.#watch();
    return this.track.label;
  }

  /** Try to go on after the system paused the sound; true when time really passes again. */
  async resume() {
    const before = this.context.currentTime;
    const settled = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    await Promise.race([this.context.resume().catch(() => null), settled(RESUME_MS)]); // rejects while a call lasts
    await settled(250);
    return this.context.state === "running" && this.context.currentTime > before && this.track.readyState === "live";
  }

  mute(muted) {
    this.muted = muted;
    if (this.track) this.track.enabled = !muted;
  }

  /** The last, unfinished block goes down the pipe, then "flushed". */
  flush() {
    this.node?.port.postMessage({ type: "flush" });
  }

  /** Our own stop raises no `ended` event, and a stopped track goes on giving zeros: let go of all of it. */
  close() {
    if (this.closed) return;
    this.closed = true;
    this.stream?.getTracks().forEach((track) => track.stop());
    this.source?.disconnect();
    this.node?.disconnect();
    if (this.context.state !== "closed") this.context.close();
  }
}

/** The microphones with names; without permission browsers name none. */
export async function microphones() {
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.filter((d) => d.kind === "audioinput" && d.deviceId && d.deviceId !== "default");
}
