/** Recordings on the page: what is chosen or dropped, which one is open, and what its address says. */
import * as api from "./api.js";
import { onDrop } from "./drop.js";
import { Events } from "./events.js";
import { JobsView } from "./jobs-view.js";
import { refused } from "./phrases.js";
import { Recording } from "./recording.js";
import { RecordingView } from "./recording-view.js";
import { Refusal } from "./refusal.js";
import { Uploads } from "./uploads.js";

const byId = (id) => document.getElementById(id);
const JOB = /^#(job-[\w-]+)$/;

export class Recordings {
  /** @param {() => import("../text.js").Text} text the interface's present language */
  constructor(text) {
    this.text = text;
    this.files = new Map(); // the reader's own, by job, for as long as the page is there
    this.events = null;
    this.alone = false; // what is sent is one file, and is opened when it is there
    this.uploads = new Uploads(byId("uploads"), text, {
      taken: (state, file) => this.#taken(state, file),
      options: () => ({ language: byId("recording-language").value || null, task: byId("recording-task").value }),
      say: (sentence) => (byId("recordings-say").textContent = sentence),
    });
    this.jobs = new JobsView(text, {
      erase: (state) => this.#erase(state.id),
      most: (bytes) => (this.uploads.most = bytes),
    });
    this.view = new RecordingView(text, {
      erase: () => this.#erase(this.view.recording.id),
      choose: () => byId("player-file").click(),
      retry: () => this.#route(),
    });
    this.#listen();
    this.speak();
    this.#route();
  }

  #listen() {
    onDrop(byId("veil"), (files) => this.#send(files));
    for (const id of ["choose", "choose-live"]) byId(id).onclick = () => byId("file").click();
    byId("file").onchange = ({ target }) => this.#send(this.#chosen(target));
    byId("player-file").onchange = ({ target }) => this.#give(this.#chosen(target)[0]);
    addEventListener("hashchange", () => this.#route());
    document.querySelector(".skip").addEventListener("click", (event) => {
      if (!this.shown) return;
      event.preventDefault(); // its address is the captions'
      byId(this.view.recording ? "recording-name" : "recordings-title").focus();
    });
    addEventListener("online", () => {
      this.events?.hurry();
      if (this.home) this.jobs.look();
    });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible" && this.home) this.jobs.look();
    });
  }

  #chosen(input) {
    const files = [...input.files];
    input.value = ""; // the same file may be chosen again
    return files;
  }

  #send(files) {
    if (!files.length) return;
    if (!this.shown || this.view.recording) location.hash = "#recordings";
    this.alone = files.length === 1 && !this.uploads.rows.size;
    this.uploads.add(files);
  }

  #taken(state, file) {
    this.files.set(state.id, file);
    if (this.home && this.alone) location.hash = `#${state.id}`;
    else if (this.home) this.jobs.look();
  }

  #give(file) {
    if (!file || !this.view.recording) return;
    this.files.set(this.view.recording.id, file);
    this.view.give(file);
    this.view.player.draw();
    byId("player-toggle").focus({ preventScroll: true });
  }

  /** Everything in the interface's language; after the page itself. */
  speak() {
    const live = byId("language");
    const chosen = byId("recording-language").value;
    byId("recording-language").replaceChildren(...[...live.options].map((option) => option.cloneNode(true)));
    byId("recording-language").value = chosen;
    this.uploads.draw();
    this.jobs.draw();
    this.view.redraw();
    this.#title();
  }

  get shown() {
    return document.body.dataset.view === "recordings";
  }

  get home() {
    return this.shown && !this.view.recording;
  }

  /** The address decides what is shown: nothing of it, the list, or one recording. */
  #route() {
    const id = JOB.exec(location.hash)?.[1] ?? null;
    const was = document.body.dataset.view;
    const shown = Boolean(id) || location.hash === "#recordings";
    document.body.dataset.view = shown ? "recordings" : "live";
    byId("recordings").hidden = !shown;
    byId("recordings-home").hidden = Boolean(id);
    byId("recording").hidden = !id;
    for (const [link, here] of [["nav-live", !shown], ["nav-recordings", shown]]) {
      if (here) byId(link).setAttribute("aria-current", "page");
      else byId(link).removeAttribute("aria-current");
    }
    this.#close();
    if (id) this.#open(id);
    else if (shown) this.jobs.look();
    else this.jobs.rest();
    if (was && (shown || was === "recordings")) this.#arrive(id ? "recording-name" : shown ? "recordings-title" : "nav-live");
    this.#title();
  }

  /** Somebody who goes by keyboard or ear is where the page is. */
  #arrive(id) {
    scrollTo(0, 0);
    byId(id).focus({ preventScroll: true });
  }

  #title() {
    const text = this.text();
    const name = this.view.recording?.state?.name;
    document.title = [name, this.shown && !name ? text.say("recordings") : "", text.say("title")].filter(Boolean).join(" · ");
  }

  #close() {
    this.events?.close();
    this.events = null;
    this.view.open(null, null);
  }

  async #open(id) {
    this.jobs.rest();
    const recording = new Recording(id);
    this.view.open(recording, this.files.get(id) ?? null);
    try {
      await this.#learn(recording);
    } catch (error) {
      return this.#refuse(recording, error);
    }
    if (this.view.recording !== recording) return; // elsewhere by now
    if (recording.state.status === "completed") this.#finish(recording);
    else this.events = new Events(api.events(id), 0, this.#hear(recording));
  }

  async #learn(recording) {
    recording.learn(await api.state(recording.id));
    if (this.view.recording !== recording) return;
    this.view.player.measure(recording.state.seconds);
    this.view.draw();
    this.#title();
  }

  #hear(recording) {
    return {
      event: (name, data, seq) => {
        const change = recording.apply(name, data, seq);
        if (change) this.view.add(change);
        else if (change === null) this.view.draw();
        if (name === "completed") this.#finish(recording);
        else if (name !== "segment" && recording.measurable) this.#length(recording);
      },
      up: () => this.#reached(null),
      away: (ms) => this.#reached(ms),
      look: async () => {
        try {
          await this.#learn(recording);
          return true;
        } catch (error) {
          if (!(error instanceof Refusal) || error.passing) throw error;
          this.#refuse(recording, error);
          return false;
        }
      },
    };
  }

  /** Once it is decoded its length is known. */
  #length(recording) {
    this.#learn(recording).catch((error) => this.#refuse(recording, error));
  }

  #reached(ms) {
    if (this.view.away === ms) return;
    this.view.away = ms;
    this.view.draw();
  }

  async #finish(recording) {
    try {
      const [result, state] = await Promise.all([api.whole(recording.id), api.state(recording.id)]);
      recording.finish(result);
      recording.learn(state);
      if (this.view.recording !== recording) return;
      this.view.player.measure(result.duration);
      this.view.redraw();
    } catch (error) {
      this.#refuse(recording, error);
    }
  }

  #refuse(recording, error) {
    if (!(error instanceof Refusal)) throw error;
    if (this.view.recording !== recording) return;
    this.view.refusal = error;
    this.view.draw();
  }

  async #erase(id) {
    const { recording } = this.view;
    try {
      const state = await api.erase(id);
      if (state === null) this.#erased(id);
      else if (recording?.id === id) recording.learn(state), this.view.draw();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.status === 404) this.#erased(id);
      else if (recording?.id === id) this.#refuse(recording, error);
      else byId("recordings-say").textContent = refused(error, this.text());
    }
    if (this.home) this.jobs.look();
  }

  #erased(id) {
    this.files.delete(id);
    this.jobs.forget(id);
    if (this.view.recording?.id === id) location.hash = "#recordings";
    else byId("recordings-title").focus({ preventScroll: true });
    byId("recordings-say").textContent = this.text().say("recording.erased");
  }
}
