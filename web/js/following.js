/** Keeps the newest caption in view until the reader scrolls up, and again from the moment they return. */
const NEAR = 96;

export class Following {
  /** @param {HTMLButtonElement} button "jump to newest" */
  constructor(button) {
    this.button = button;
    this.on = true;
    this.last = 0;
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    addEventListener("scroll", () => this.#scrolled(), { passive: true });
    button.onclick = () => {
      this.on = true;
      this.step();
    };
  }

  /** Something was added below. */
  step() {
    if (document.body.dataset.view === "recordings") return; // the captions are not in view
    if (this.on) window.scrollTo({ top: document.documentElement.scrollHeight, behavior: this.calm.matches ? "auto" : "smooth" });
    this.button.hidden = this.on || this.#near();
  }

  #near() {
    return document.documentElement.scrollHeight - innerHeight - scrollY < NEAR;
  }

  #scrolled() {
    if (this.#near()) this.on = true;
    else if (scrollY < this.last - 2) this.on = false;
    this.last = scrollY;
    this.button.hidden = this.on;
  }
}
