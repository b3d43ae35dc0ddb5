/** What the reader chooses: spoken language, task, microphone. */
import { microphones } from "./microphone.js";

/** Offered in this order; the server knows more, and "automatic" finds them. */
const SPOKEN = "en ko ja zh es fr de it pt nl pl ru uk tr ar hi id vi th".split(" ");

const byId = (id) => document.getElementById(id);

export class Settings {
  /** @param {() => import("./text.js").Text} text @param {(deviceId: string|null) => void} useDevice */
  constructor(text, useDevice) {
    this.text = text;
    this.language = byId("language");
    this.task = byId("task");
    this.device = byId("device");
    this.device.onchange = () => useDevice(this.chosen().deviceId);
  }

  chosen() {
    return { language: this.language.value || null, task: this.task.value, deviceId: this.device.value || null };
  }

  /** What a session had, to go on with it. */
  choose({ language, task }) {
    this.language.value = language ?? "";
    this.task.value = task;
  }

  /** Language names in the interface's language. */
  translate() {
    const text = this.text();
    const names = new Intl.DisplayNames([text.language], { type: "language" });
    const chosen = this.language.value;
    const options = SPOKEN.map((code) => new Option(names.of(code), code));
    this.language.replaceChildren(new Option(text.say("language.auto"), ""), ...options);
    this.language.value = chosen;
    this.listDevices();
  }

  /** Names appear only once the microphone was allowed; before that there is nothing to choose. */
  async listDevices() {
    if (!navigator.mediaDevices?.enumerateDevices) return;
    const found = await microphones();
    const text = this.text();
    const chosen = this.device.value;
    const options = found.map((d, i) => new Option(d.label || text.say("device.unnamed", { number: i + 1 }), d.deviceId));
    this.device.replaceChildren(new Option(text.say("device.default"), ""), ...options);
    this.device.value = found.some((d) => d.deviceId === chosen) ? chosen : "";
    byId("device-field").hidden = !found.some((d) => d.label);
  }

  /** Language and task belong to a session: they rest while one runs; the microphone while it is opened or closed. */
  rest(may) {
    this.language.disabled = this.task.disabled = !may.settings;
    this.device.disabled = !may.device;
    byId("settings-hint").hidden = may.settings;
  }
}
