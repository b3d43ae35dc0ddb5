/** The list of one's recordings. */
import { list } from "./api.js";
import { button, element } from "./element.js";
import { NOTHING, UNREADABLE, followed, renewed } from "./listing.js";
import { about, moment, progress, refused, sentence } from "./phrases.js";
import { Refusal } from "./refusal.js";
import { ENDS } from "./recording.js";

const LOOK_MS = 3000;
const RESTING = [...ENDS, UNREADABLE];
const byId = (id) => document.getElementById(id);

export class JobsView {
  /** @param {() => import("../text.js").Text} text @param {{erase: (state: object) => void, most: (bytes: number) => void}} doors */
  constructor(text, doors) {
    Object.assign(this, { text, doors });
    this.known = NOTHING;
    this.refusal = null;
    this.told = false;
    this.timer = null;
    byId("jobs-older").onclick = () => this.#ask(this.known.before);
  }

  /** In view: ask now, and again while something is under way. */
  async look() {
    this.rest();
    await this.#ask(null);
    const busy = this.known.rows.some(({ status }) => !RESTING.includes(status));
    if (busy || this.refusal?.passing) this.timer = setTimeout(() => this.look(), LOOK_MS * (this.refusal ? 3 : 1));
  }

  rest() {
    clearTimeout(this.timer);
    this.timer = null;
  }

  forget(id) {
    this.known = { ...this.known, rows: this.known.rows.filter((job) => job.id !== id) };
    this.draw();
  }

  async #ask(before) {
    try {
      const answer = await list(before);
      this.known = (before ? followed : renewed)(this.known, answer);
      this.refusal = null;
      this.doors.most(answer.most_bytes);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.refusal = error;
    }
    this.told = true;
    this.draw();
  }

  draw() {
    const text = this.text();
    const jobs = this.known.rows;
    const rows = byId("jobs");
    const focused = rows.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
    rows.replaceChildren(...jobs.map((job) => this.#row(job, text)));
    if (focused) rows.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    byId("jobs-empty").textContent = this.#empty(jobs, text);
    byId("jobs-empty").hidden = !byId("jobs-empty").textContent;
    byId("jobs-older").hidden = !this.known.before;
  }

  #empty(jobs, text) {
    if (this.refusal?.status === 401) return text.say("jobs.nocookie");
    if (this.refusal) return refused(this.refusal, text);
    return this.told && !jobs.length ? text.say("jobs.empty") : "";
  }

  #row(job, text) {
    const row = element("li", { className: "job" });
    row.dataset.job = job.id;
    row.dataset.status = job.status;
    const told = job.status === "failed" && job.error ? sentence(text.told(job.error)) : progress(job, text);
    const cancel = RESTING.includes(job.status) ? "recording.erase" : "recording.cancel";
    const act = button(text.say(cancel), () => this.doors.erase(job), {
      ariaLabel: text.say(`${cancel}.named`, { name: job.name ?? job.id }),
    });
    act.dataset.focus = `erase ${job.id}`;
    row.append(
      element("div", {}, ...(job.status === UNREADABLE ? [this.#id(job)] : this.#about(job, text))),
      element("p", { className: "status-word" }, told),
      job.status === "cancelled" ? "" : act, // its sound is erased already
    );
    return row;
  }

  #id({ id }) {
    return element("p", { className: "name" }, element("bdi", {}, id));
  }

  #about(job, text) {
    const open = element("a", { href: `#${job.id}`, className: "name" }, element("bdi", {}, job.name));
    open.dataset.focus = `open ${job.id}`;
    const line = [moment(job.created_at, text), about(job, text)].filter(Boolean).join(" · ");
    return [open, element("p", { className: "quiet" }, line)];
  }
}
