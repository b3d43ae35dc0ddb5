/** Sentiment over time: above the horizon positive, below it negative. Drawn on new results only. */
import uPlot from "../vendor/uplot/uPlot.esm.js";
import { summarize } from "./summary.js";
import { clock, signed } from "./text.js";

const SHORTEST_SECONDS = 20;

/**
 * Points of the line. Pure.
 * @param {import("./captions.js").Utterance[]} utterances with words
 * @returns {[number[], number[]]} seconds and scores of those that were judged
 */
export function points(utterances) {
  const judged = utterances.filter((u) => u.sentiment?.label && u.sentiment.score != null);
  return [judged.map((u) => (u.start + u.end) / 2), judged.map((u) => u.sentiment.score)];
}

/** Colour by height: warm at +1, plain at 0, cool at -1. */
function sky(plot, alpha) {
  const style = getComputedStyle(plot.root);
  const [warm, plain, cool] = ["--warm", "--plain", "--cool"].map((name) => style.getPropertyValue(name).trim());
  const top = plot.valToPos(1, "y", true);
  const gradient = plot.ctx.createLinearGradient(0, top, 0, plot.valToPos(-1, "y", true));
  const at = (stop, colour, strength) => gradient.addColorStop(stop, `rgb(${colour} / ${strength})`);
  at(0, warm, alpha);
  at(0.46, alpha === 1 ? warm : plain, alpha === 1 ? 1 : 0);
  at(0.54, alpha === 1 ? cool : plain, alpha === 1 ? 1 : 0);
  at(1, cool, alpha);
  return gradient;
}

const size = (box) => ({ width: Math.max(1, box.clientWidth), height: Math.max(1, box.clientHeight) });

export class Horizon {
  /** @param {HTMLElement} box holds the drawing @param {HTMLElement} figure has its words */
  constructor(box, figure) {
    this.box = box;
    this.figure = figure;
    const line = (alpha) => (plot) => sky(plot, alpha);
    this.plot = new uPlot(
      {
        ...size(box),
        padding: [8, 18, 0, 62], // left: room for the words positive and negative
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: false, range: (_, low, high) => [0, Math.max(SHORTEST_SECONDS, high * 1.04 || 0)] },
          y: { range: [-1.15, 1.15] },
        },
        axes: [
          {
            stroke: () => this.colour("--ink-quiet"), grid: { show: false }, ticks: { show: false },
            size: 20, gap: 2, space: 90, font: "11px system-ui", values: (_, seconds) => seconds.map(clock),
          },
          { show: false },
        ],
        series: [
          {},
          {
            width: 2, stroke: line(1), fill: line(0.55), fillTo: 0, paths: uPlot.paths.spline(),
            points: { show: true, size: 7, width: 2, stroke: line(1), fill: () => this.colour("--sky-base") },
          },
        ],
        hooks: { drawClear: [(plot) => this.#ground(plot)] },
      },
      [[], []],
      box,
    );
    new ResizeObserver(() => this.plot.setSize(size(box))).observe(box);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.plot.redraw());
  }

  show(utterances, text) {
    this.plot.setData(points(utterances));
    this.describe(utterances, text);
  }

  /** The same in words, for those who do not see it. */
  describe(utterances, text) {
    const { judged, mean } = summarize(utterances);
    const latest = utterances.findLast((u) => u.sentiment?.label)?.sentiment.label;
    this.figure.ariaLabel = judged
      ? text.say("horizon.text", { count: judged, mean: signed(mean), latest: text.say(`label.${latest}`) })
      : text.say("horizon.empty");
  }

  colour(name) {
    return getComputedStyle(this.box).getPropertyValue(name).trim();
  }

  #ground(plot) {
    const { ctx, bbox } = plot;
    const y = plot.valToPos(0, "y", true);
    ctx.save();
    ctx.strokeStyle = this.colour("--line");
    ctx.lineWidth = devicePixelRatio;
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.restore();
  }
}
