/** The files on their way to the server, one after another, each with its progress in words. */
import { waitMs } from "../backoff.js";
import { send } from "./api.js";
import { button, element } from "./element.js";
import { refused, size } from "./phrases.js";
import { Refusal } from "./refusal.js";

const TRIES = 5;
const WAIT = { firstMs: 2000, capMs: 30_000 };

/**
 * @typedef {object} Upload
 * @property {File} file
 * @property {"waiting"|"sending"|"storing"|"again"|"failed"} phase
 * @property {number} share of it that has left, 0..1
 * @property {Refusal|null} refusal
 */

export class Uploads {
  /**
   * @param {HTMLOListElement} list @param {() => import("../text.js").Text} text
   * @param {{taken: (state: object, file: File) => void, options: () => object, say: (sentence: string) => void}} doors
   */
  constructor(list, text, doors) {
    Object.assign(this, { list, text, doors });
    this.most = Infinity; // bytes, once the server has told
    /** @type {Map<Upload, HTMLElement>} */
    this.rows = new Map();
    this.running = null;
    addEventListener("online", () => this.#hurry());
    // a page that is left takes its upload with it
    addEventListener("beforeunload", (event) => this.running && event.preventDefault());
  }

  /** @param {File[]} files */
  add(files) {
    for (const file of files) {
      const upload = { file, phase: "waiting", share: 0, tries: 0, refusal: null, options: this.doors.options() };
      const row = element("li", { className: "upload" });
      this.rows.set(upload, row);
      this.list.append(row);
      if (file.size > this.most) this.#fail(upload, new Refusal(413, "too_large"));
      else this.#draw(upload);
    }
    this.#next();
  }

  draw() {
    for (const upload of this.rows.keys()) this.#draw(upload);
  }

  #next() {
    if (this.running) return;
    const upload = [...this.rows.keys()].find(({ phase }) => phase === "waiting");
    if (upload) this.#send(upload);
  }

  async #send(upload) {
    Object.assign(upload, { phase: "sending", share: 0, refusal: null });
    upload.tries += 1;
    this.running = upload;
    this.#draw(upload);
    const { answer, abort } = send(upload.file, upload.options, (share) => {
      Object.assign(upload, { share, phase: share < 1 ? "sending" : "storing" });
      this.#move(upload);
    });
    upload.abort = abort;
    try {
      const state = await answer;
      this.#remove(upload);
      this.doors.taken(state, upload.file);
    } catch (error) {
      this.running = null;
      if (!(error instanceof Refusal)) throw error;
      if (error.passing && upload.tries < TRIES) this.#later(upload, error);
      else this.#fail(upload, error);
      this.#next();
    }
  }

  #later(upload, refusal) {
    const wait = Math.max((refusal.wait ?? 0) * 1000, waitMs(upload.tries - 1, Math.random(), WAIT));
    Object.assign(upload, { phase: "again", refusal, timer: setTimeout(() => this.#retry(upload), wait) });
    this.#draw(upload);
  }

  #retry(upload) {
    clearTimeout(upload.timer);
    upload.phase = "waiting";
    this.#draw(upload);
    this.#next();
  }

  #hurry() {
    for (const upload of this.rows.keys()) if (upload.phase === "again") this.#retry(upload);
  }

  #fail(upload, refusal) {
    Object.assign(upload, { phase: "failed", refusal });
    this.#draw(upload);
  }

  #remove(upload) {
    clearTimeout(upload.timer);
    upload.abort?.();
    this.rows.get(upload)?.remove();
    this.rows.delete(upload);
    if (this.running === upload) this.running = null;
    this.#next();
  }

  #draw(upload) {
    const text = this.text();
    const { file, phase, refusal } = upload;
    const row = this.rows.get(upload);
    row.dataset.phase = phase;
    const progress = element("progress", { max: 100, value: 0, ariaLabel: text.say("upload.progress", { name: file.name }) });
    const told = element("p", { className: "quiet" });
    if (refusal) told.role = "alert";
    const again = phase === "failed" && refusal.code !== "too_large";
    row.replaceChildren(
      element("p", { className: "name" }, element("bdi", {}, file.name), element("span", { className: "quiet" }, size(file.size))),
      ...(refusal ? [] : [progress]),
      told,
      element("div", { className: "acts" },
        again ? button(text.say("notice.retry"), () => this.#fresh(upload)) : null,
        button(text.say(phase === "failed" ? "notice.dismiss" : "upload.cancel"), () => this.#remove(upload)),
      ),
    );
    this.#move(upload);
  }

  #fresh(upload) {
    upload.tries = 0;
    upload.refusal = null;
    this.#retry(upload);
  }

  /** What changes many times a second. */
  #move(upload) {
    const row = this.rows.get(upload);
    if (!row) return;
    const bar = row.querySelector("progress");
    if (bar) bar.value = Math.floor(upload.share * 100);
    const sentence = this.#told(upload);
    const told = row.querySelector(".quiet:not(.name *)");
    if (told.textContent !== sentence) told.textContent = sentence;
    if (row.dataset.said !== upload.phase) this.doors.say(sentence);
    row.dataset.said = row.dataset.phase = upload.phase;
  }

  #told({ phase, share, refusal, file }) {
    const text = this.text();
    if (!refusal) return text.say(`upload.${phase}`, { percent: Math.floor(share * 100) });
    const most = this.most === Infinity ? "" : text.say("refused.most", { size: size(file.size), most: size(this.most) });
    const why = refusal.code === "too_large" && most ? most : refused(refusal, text);
    return phase === "again" ? text.say("upload.again", { why }) : why;
  }
}
