/** Plays the reader's own file; the server is asked for no sound. */
import { clock } from "../text.js";

const byId = (id) => document.getElementById(id);

export class Player {
  /** @param {() => import("../text.js").Text} text @param {(second: number) => void} moved several times a second while it plays */
  constructor(text, moved) {
    this.text = text;
    this.moved = moved;
    this.audio = new Audio();
    this.audio.preload = "metadata";
    this.length = 0;
    this.url = null;
    this.seek = byId("player-seek");
    this.toggle = byId("player-toggle");
    this.#listen();
  }

  #listen() {
    const { audio, seek, toggle } = this;
    toggle.onclick = () => (audio.paused ? this.play() : audio.pause());
    seek.oninput = () => this.to(Number(seek.value), false);
    for (const name of ["play", "pause", "ended"]) audio.addEventListener(name, () => this.draw());
    for (const name of ["timeupdate", "seeked"]) audio.addEventListener(name, () => this.#at(audio.currentTime));
    audio.addEventListener("playing", () => this.#follow());
    audio.addEventListener("loadedmetadata", () => this.measure(audio.duration));
    audio.addEventListener("error", () => this.url && this.#say("player.unplayable"));
  }

  get has() {
    return this.url !== null;
  }

  /** @param {Blob|null} file @param {number} seconds as the server measured them */
  load(file, seconds) {
    this.audio.pause();
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = file ? URL.createObjectURL(file) : null;
    if (this.url) this.audio.src = this.url;
    else this.audio.removeAttribute("src");
    this.#say("");
    this.length = 0;
    this.measure(seconds);
    this.#at(0);
    this.draw();
  }

  /** A browser may not know the length of what a recorder made; the server does. */
  measure(seconds) {
    if (Number.isFinite(seconds) && seconds > 0) this.length = seconds;
    this.seek.max = this.length;
    this.#at(this.audio.currentTime);
  }

  /** Jump to a second, and let it sound from there. */
  to(second, sound = true) {
    if (!this.has) return;
    this.audio.currentTime = second;
    this.#at(second);
    if (sound) this.play();
  }

  play() {
    this.audio.play().catch((error) => {
      if (error.name !== "AbortError") this.#say("player.unplayable");
    });
  }

  draw() {
    const playing = !this.audio.paused && !this.audio.ended;
    this.toggle.dataset.playing = playing;
    this.seek.setAttribute("aria-label", this.text().say("player.seek"));
    this.toggle.ariaLabel = this.text().say(playing ? "player.pause" : "player.play");
    byId("player-controls").hidden = !this.has;
    byId("player-missing").hidden = this.has;
    this.#at(this.audio.currentTime);
  }

  #follow() {
    if (this.audio.paused) return;
    this.#at(this.audio.currentTime);
    requestAnimationFrame(() => this.#follow());
  }

  #at(second) {
    this.seek.value = second;
    const told = `${clock(second)} / ${clock(this.length)}`;
    if (byId("player-time").textContent !== told) {
      byId("player-time").textContent = told;
      this.seek.setAttribute("aria-valuetext", told);
    }
    this.seek.style.setProperty("--share", this.length ? String(second / this.length) : "0");
    this.moved(second);
  }

  #say(key) {
    byId("player-trouble").textContent = key && this.text().say(key);
  }
}
