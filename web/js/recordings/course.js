/** The course of a recording's sentiment in the sky, with the place that is heard. */
import { Horizon, points } from "../horizon.js";

const byId = (id) => document.getElementById(id);

export class Course {
  /** @param {(second: number) => void} jump */
  constructor(jump) {
    this.box = byId("course");
    this.horizon = new Horizon(byId("course-chart"), this.box);
    this.mark = byId("course-mark");
    this.second = 0;
    byId("course-chart").addEventListener("click", ({ clientX }) => {
      const { plot } = this.horizon;
      const over = plot.over.getBoundingClientRect();
      jump(Math.max(0, plot.posToVal(clientX - over.left, "x")));
    });
    new ResizeObserver(() => requestAnimationFrame(() => this.at(this.second))).observe(this.box);
  }

  /** @param {number} seconds the recording's length, if it is known: the line then stands where it belongs */
  show(segments, seconds, text) {
    const spoken = segments.filter((segment) => segment.text);
    this.horizon.show(spoken, text);
    const [times, scores] = points(spoken);
    if (seconds) this.horizon.plot.setData([[...times, Math.max(seconds, times.at(-1) ?? 0)], [...scores, null]]);
    this.box.hidden = !times.length;
  }

  at(second) {
    this.second = second;
    this.mark.hidden = !second;
    const { plot } = this.horizon;
    if (second) this.mark.style.setProperty("--x", `${plot.over.offsetLeft + plot.valToPos(second, "x")}px`);
  }

  hide() {
    this.box.hidden = true;
  }
}
