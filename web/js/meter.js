/** The level meter: recent levels flow outward from the middle. Drawn only when a level comes (12 Hz). */
const STEP = 6;
const BAR = 3;
const FLOOR_DB = -54;

/** Amplitude 0..1 to bar height 0..1, in decibels: what the ear hears as loudness. Pure. */
export function height(peak) {
  if (peak <= 0) return 0;
  return Math.max(0, Math.min(1, 1 - (20 * Math.log10(peak)) / FLOOR_DB));
}

export class Meter {
  /** @param {HTMLCanvasElement} canvas @param {() => number} gap width in the middle to leave free, in px */
  constructor(canvas, gap) {
    this.canvas = canvas;
    this.gap = gap;
    this.levels = [];
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  take({ peak }) {
    this.levels.unshift(height(peak));
    this.levels.length = Math.min(this.levels.length, 200);
    this.draw();
  }

  rest() {
    this.levels = [];
    this.draw();
  }

  draw() {
    const { canvas } = this;
    const scale = window.devicePixelRatio || 1;
    const [width, tall] = [canvas.clientWidth, canvas.clientHeight];
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(tall * scale);
    const paint = canvas.getContext("2d");
    paint.scale(scale, scale);
    const style = getComputedStyle(canvas);
    const [lively, resting] = [style.getPropertyValue("--voice"), style.getPropertyValue("--voice-rest")];
    const from = this.gap() / 2 + STEP;
    const count = Math.floor((width / 2 - from) / STEP);
    for (let i = 0; i < count; i++) {
      const level = this.levels[i] ?? 0;
      const bar = Math.max(BAR, level * tall);
      paint.fillStyle = level > 0.05 ? lively : resting;
      paint.globalAlpha = 1 - (i / count) * 0.85;
      for (const x of [width / 2 - from - i * STEP - BAR, width / 2 + from + i * STEP]) {
        paint.beginPath();
        paint.roundRect(x, (tall - bar) / 2, BAR, bar, BAR / 2);
        paint.fill();
      }
    }
  }
}
