/**
 * Sentences about what is wrong and what to do, one of each kind at a time: what needs the reader now in
 * the dock, where it is always in view; plain remarks above the captions.
 */

/** kind: [tone, group that is settled together, action] */
const KINDS = {
  denied: ["bad", "problem", "retry"],
  nodevice: ["bad", "problem", "retry"],
  busy: ["bad", "problem", "retry"],
  blocked: ["bad", "problem", "retry"],
  error: ["bad", "problem", "retry"],
  insecure: ["bad", "problem", null],
  unsupported: ["bad", "problem", null],
  zeros: ["warn", "silence", "dismiss"],
  quiet: ["warn", "silence", "dismiss"],
  suspended: ["warn", "suspended", "resume"],
  lost: ["warn", "microphone", "dismiss"],
  switched: ["plain", "microphone", "dismiss"],
  gap: ["warn", "gap", "dismiss"],
  hidden: ["plain", "end", "dismiss"],
  unfinished: ["warn", "end", "dismiss"],
  unreachable: ["warn", "link", null],
  full: ["warn", "link", null],
  starting: ["warn", "link", null],
  trouble: ["warn", "link", "dismiss"],
  demo: ["plain", "demo", "dismiss"],
};

/** Those with more to say to whoever asks. */
const MORE = new Set(["demo"]);

export class Notices {
  /** @param {HTMLElement} box for remarks @param {HTMLElement} alerts @param {() => import("./text.js").Text} text @param {Record<string, () => void>} actions */
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
    const [tone, , action] = KINDS[kind];
    const notice = document.createElement("div");
    notice.className = `notice ${tone}`;
    notice.dataset.notice = kind;
    if (tone !== "plain") notice.role = "alert";
    const sentence = document.createElement("p");
    sentence.textContent = this.text().say(`notice.${kind}`, values);
    notice.append(sentence);
    if (MORE.has(kind)) notice.append(this.#more(kind));
    if (action) notice.append(this.#button(kind, action));
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
      this.actions[action]?.();
    };
    return button;
  }
}
