/**
 * Sentences about what is wrong and what to do, one of each kind at a time: what needs the reader now in
 * the dock, where it is always in view; plain remarks above the captions.
 */
import { RULES } from "./link.js";

/** Tones: bad and warn interrupt; ask waits in the dock for an answer; plain is a remark. kind: [tone, group that is settled together, ...actions] */
const KINDS = {
  denied: ["bad", "problem", "retry"],
  nodevice: ["bad", "problem", "retry"],
  busy: ["bad", "problem", "retry"],
  blocked: ["bad", "problem", "retry"],
  error: ["bad", "problem", "retry"],
  insecure: ["bad", "problem"],
  unsupported: ["bad", "problem"],
  zeros: ["warn", "silence", "dismiss"],
  quiet: ["warn", "silence", "dismiss"],
  suspended: ["warn", "suspended", "resume"],
  lost: ["warn", "microphone", "dismiss"],
  switched: ["plain", "microphone", "dismiss"],
  gap: ["warn", "gap", "dismiss"],
  hidden: ["plain", "end", "dismiss"],
  unfinished: ["warn", "end", "dismiss"],
  taken_over: ["plain", "end", "dismiss"],
  unreachable: ["warn", "link"],
  full: ["warn", "link"],
  full_for: ["warn", "link"],
  starting: ["warn", "link"],
  storage_unavailable: ["warn", "link", "dismiss"],
  storage_full: ["warn", "link", "dismiss"],
  trouble: ["warn", "link", "dismiss"],
  events_lost: ["warn", "events", "dismiss"],
  offer: ["ask", "session", "goon", "dismiss"],
  forgotten: ["plain", "session", "dismiss"],
  demo: ["plain", "demo", "dismiss"],
};

/** The notice for an error of the session that does not end it; others are told as the server does. */
const COMPLAINTS = {
  timeout: "unfinished",
  not_ready: "starting",
  events_lost: "events_lost",
  storage_full: "storage_full",
  storage_unavailable: "storage_unavailable",
};

/** Those with more to say to whoever asks. */
const MORE = new Set(["demo"]);

export class Notices {
  /** @param {HTMLElement} box for remarks @param {HTMLElement} alerts @param {() => import("./text.js").Text} text @param {Record<string, (kind: string) => void>} actions */
  constructor(box, alerts, text, actions) {
    this.box = box;
    this.alerts = alerts;
    this.text = text;
    this.actions = actions;
    this.shown = new Map();
    this.dismissed = new Set();
  }

  show(kind, values = {}) {
    const [, group] = KINDS[kind];
    if (kind === "demo" && this.dismissed.has(kind)) return;
    for (const [other] of this.shown) if (KINDS[other][1] === group && other !== kind) this.shown.delete(other);
    const before = this.shown.get(kind);
    this.shown.set(kind, values);
    if (JSON.stringify(before) !== JSON.stringify(values)) this.draw();
  }

  /** @param {{code: string, message: string, retryable: boolean}} error of the session itself */
  complain({ code, message, retryable, retry_after }) {
    const kind = COMPLAINTS[code] ?? (retryable ? "trouble" : "error");
    const told = { code, message, retry_after };
    this.show(kind, { message: told, reason: told, seconds: RULES.keepSeconds });
  }

  /** What a group's notices said is over. */
  settle(group) {
    const kinds = [...this.shown.keys()].filter((kind) => KINDS[kind][1] === group);
    kinds.forEach((kind) => this.shown.delete(kind));
    if (kinds.length) this.draw();
  }

  draw() {
    const drawn = (plain) =>
      [...this.shown].filter(([kind]) => (KINDS[kind][0] === "plain") === plain).map(([kind, values]) => this.#notice(kind, values));
    this.box.replaceChildren(...drawn(true));
    this.alerts.replaceChildren(...drawn(false));
  }

  #notice(kind, values) {
    const [tone, , ...actions] = KINDS[kind];
    const notice = document.createElement("div");
    notice.className = `notice ${tone}`;
    notice.dataset.notice = kind;
    notice.role = ["bad", "warn"].includes(tone) ? "alert" : "group";
    const sentence = document.createElement("p");
    sentence.textContent = this.text().say(`notice.${kind}`, values);
    notice.append(sentence);
    if (MORE.has(kind)) notice.append(this.#more(kind));
    notice.append(...actions.map((action) => this.#button(kind, action)));
    if (notice.role === "group") notice.ariaLabel = sentence.textContent;
    return notice;
  }

  #more(kind) {
    const details = document.createElement("details");
    const summary = document.createElement("summary");
    summary.textContent = this.text().say(`notice.${kind}.how`);
    details.append(summary, this.text().say(`notice.${kind}.more`));
    return details;
  }

  #button(kind, action) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = this.text().say(`notice.${action}`);
    button.onclick = () => {
      this.dismissed.add(kind);
      this.settle(KINDS[kind][1]);
      this.actions[action]?.(kind);
    };
    return button;
  }
}
