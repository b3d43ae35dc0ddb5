/** One recording, opened: how far it is, its words as they come, and everything about it once it is done. */
import { Course } from "./course.js";
import { button, element } from "./element.js";
import { showOverall } from "./overall-view.js";
import { about, progress, refused, sentence, size } from "./phrases.js";
import { Player } from "./player.js";
import { Transcript } from "./transcript.js";
import { result } from "./api.js";
import { notes } from "../told.js";

export const FORMATS = ["txt", "srt", "vtt", "csv", "json"];
const byId = (id) => document.getElementById(id);

export class RecordingView {
  /**
   * @param {() => import("../text.js").Text} text
   * @param {{erase: () => void, choose: () => void, retry: () => void, goBack: () => void}} doors
   */
  constructor(text, doors) {
    Object.assign(this, { text, doors });
    this.recording = null;
    this.away = null; // milliseconds until the next attempt to reach the server
    this.refusal = null;
    this.file = null;
    this.player = new Player(text, (second) => this.#heard(second));
    this.transcript = new Transcript(byId("segments"), text, (second) => this.player.to(second));
    this.course = new Course((second) => this.player.to(second));
    this.waiting = null;
    byId("recording-cancel").onclick = () => doors.erase();
    byId("player-choose").onclick = () => doors.choose();
  }

  /** @param {import("./recording.js").Recording|null} recording @param {File|null} file the reader's own, if it is at hand */
  open(recording, file) {
    this.recording = recording;
    this.away = this.refusal = null;
    this.transcript.clear();
    byId("recording-overall").hidden = true;
    this.give(file);
    this.draw();
  }

  /** The sound to play. */
  give(file) {
    this.file = file;
    this.player.load(file, this.recording?.state?.seconds ?? 0);
    this.transcript.allow(this.player.has);
    this.#another();
  }

  /** One segment is new. */
  add(segment) {
    this.transcript.add(segment, this.recording.ordered);
    const spoken = this.transcript.spoken(segment);
    if (spoken) byId("announcer").textContent = spoken;
    this.#later();
  }

  /** Many segments may come at once, as after a reload; the line is drawn once. */
  #later() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = null;
      this.#course();
    });
  }

  #course() {
    if (!this.recording) return this.course.hide();
    this.course.show(this.recording.ordered, this.recording.state?.seconds, this.text());
  }

  #heard(second) {
    const playing = this.player.has && second > 0;
    this.transcript?.at(second, playing);
    this.course?.at(playing ? second : 0);
  }

  /** Everything but the segments, which are drawn as they come. */
  draw() {
    const { recording } = this;
    byId("player").hidden = !recording || (recording.over && !recording.segments.size && !recording.result);
    if (!recording) return this.course.hide();
    const text = this.text();
    const state = recording.state;
    byId("recording").dataset.status = state?.status ?? "";
    byId("recording-name").textContent = state?.name ?? text.say("recording");
    byId("recording-about").textContent = state ? about(state, text, recording.result?.language) : "";
    this.#work(state, text);
    byId("recording-notices").replaceChildren(...this.#notices(state, text));
    byId("recording-exports").hidden = !recording.result;
    byId("exports").replaceChildren(...FORMATS.map((form) => this.#link(form, text)));
    if (recording.result) showOverall(byId("recording-overall"), recording.result, text);
    this.player.draw();
  }

  /** All of it again: in another language, or from the result. */
  redraw() {
    this.draw();
    if (!this.recording) return;
    this.transcript.show(this.recording.ordered);
    this.transcript.allow(this.player.has);
    this.#course();
  }

  #work(state, text) {
    const over = this.recording.over;
    const stage = byId("recording-stage");
    const told = state ? progress(state, text) : text.say("recording.loading");
    const shown = told.replace(/\d+ ?%/, "").trim(); // a screen reader is told of stages, not of each percent
    if (stage.dataset.told !== shown) byId("recordings-say").textContent = told;
    stage.dataset.told = shown;
    stage.textContent = this.refusal ? "" : told;
    stage.hidden = state?.status === "completed" || Boolean(this.refusal);
    const bar = byId("recording-progress");
    bar.hidden = over || Boolean(this.refusal);
    bar.value = state?.progress ?? 0;
    bar.setAttribute("aria-label", text.say("recording.progress"));
    const act = byId("recording-cancel");
    act.hidden = !state || state.status === "cancelled" || this.refusal?.status === 404;
    act.textContent = text.say(over ? "recording.erase" : "recording.cancel");
  }

  #notices(state, text) {
    const notices = [];
    if (this.refusal) notices.push(this.#notice("bad", "refused", refused(this.refusal, text), this.refusal.passing));
    else if (this.away !== null) {
      const key = navigator.onLine ? "recording.away" : "recording.offline";
      notices.push(this.#notice("warn", "away", text.say(key, { seconds: Math.ceil(this.away / 1000) })));
    }
    if (state?.status === "failed" && state.error) notices.push(this.#notice("bad", "failed", sentence(text.told(state.error))));
    if (state?.note) notices.push(this.#notice("plain", "note", notes(state.note).map((note) => text.told(note)).join(" ")));
    return notices;
  }

  #notice(tone, kind, words, retry = false) {
    const notice = element("div", { className: `notice ${tone}`, role: tone === "plain" ? "group" : "alert" }, element("p", {}, words));
    notice.dataset.notice = kind;
    if (retry) notice.append(button(this.text().say("notice.retry"), () => this.doors.retry()));
    return notice;
  }

  #link(form, text) {
    const link = element("a", { href: result(this.recording.id, form), download: "" }, text.say(`save.${form}`));
    link.dataset.format = form;
    return link;
  }

  /** A file that was chosen again should be the one that was sent. */
  #another() {
    const bytes = this.recording?.state?.bytes;
    const other = this.file && bytes && this.file.size !== bytes;
    const values = other ? { size: size(this.file.size), sent: size(bytes) } : {};
    byId("player-other").textContent = other ? this.text().say("player.other", values) : "";
  }
}
