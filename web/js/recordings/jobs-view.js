/** The list of one's recordings. */
import { list } from "./api.js";
import { button, element } from "./element.js";
import { about, moment, progress, refused, sentence } from "./phrases.js";
import { Refusal } from "./refusal.js";
import { ENDS } from "./recording.js";

const LOOK_MS = 3000;
const byId = (id) => document.getElementById(id);

export class JobsView {
  /** @param {() => import("../text.js").Text} text @param {{erase: (state: object) => void, most: (bytes: number) => void}} doors */
  constructor(text, doors) {
    Object.assign(this, { text, doors });
    this.jobs = new Map();
    this.before = null;
    this.refusal = null;
    this.told = false;
    this.timer = null;
    byId("jobs-older").onclick = () => this.#ask(this.before);
  }

  /** In view: ask now, and again while something is under way. */
  async look() {
    this.rest();
    await this.#ask(null);
    const busy = [...this.jobs.values()].some(({ status }) => !ENDS.includes(status));
    if (busy || this.refusal?.passing) this.timer = setTimeout(() => this.look(), LOOK_MS * (this.refusal ? 3 : 1));
  }

  rest() {
    clearTimeout(this.timer);
    this.timer = null;
  }

  forget(id) {
    this.jobs.delete(id);
    this.draw();
  }

  async #ask(before) {
    try {
      const answer = await list(before);
      const known = before ? this.jobs : this.#older(answer);
      this.jobs = new Map([...known, ...answer.jobs.map((job) => [job.id, job])]);
      if (before || !this.told) this.before = answer.before;
      this.refusal = null;
      this.doors.most(answer.most_bytes);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.refusal = error;
    }
    this.told = true;
    this.draw();
  }

  /** Of those known, the ones that only an older page of the list has. */
  #older({ jobs, before }) {
    const oldest = jobs.at(-1)?.created_at ?? Infinity;
    return before ? [...this.jobs].filter(([, job]) => job.created_at < oldest) : [];
  }

  draw() {
    const text = this.text();
    const jobs = [...this.jobs.values()].sort((a, b) => b.created_at - a.created_at);
    const rows = byId("jobs");
    const focused = rows.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
    rows.replaceChildren(...jobs.map((job) => this.#row(job, text)));
    if (focused) rows.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    byId("jobs-empty").textContent = this.#empty(jobs, text);
    byId("jobs-empty").hidden = !byId("jobs-empty").textContent;
    byId("jobs-older").hidden = !this.before;
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
    const open = element("a", { href: `#${job.id}`, className: "name" }, element("bdi", {}, job.name));
    open.dataset.focus = `open ${job.id}`;
    const told = job.status === "failed" && job.error ? sentence(text.told(job.error)) : progress(job, text);
    const cancel = ENDS.includes(job.status) ? "recording.erase" : "recording.cancel";
    const act = button(text.say(cancel), () => this.doors.erase(job), {
      ariaLabel: text.say(`${cancel}.named`, { name: job.name }),
    });
    act.dataset.focus = `erase ${job.id}`;
    row.append(
      element("div", {}, open, element("p", { className: "quiet" }, this.#when(job, text))),
      element("p", { className: "status-word" }, told),
      job.status === "cancelled" ? "" : act, // its sound is erased already
    );
    return row;
  }

  #when(job, text) {
    return [moment(job.created_at, text), about(job, text)].filter(Boolean).join(" · ");
  }
}
