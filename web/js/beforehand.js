/**
 * Before anybody listens: asks the server whether it is ready, and with which models, and shows it.
 * Asks again until it is ready or somebody starts; from then on the listening tells.
 */
import { reading } from "./readiness.js";

const AGAIN_MS = 3000;
const PATIENCE_MS = 10_000;

export const WORLD = {
  /** Of any status: a server that is not ready says why in the same words. */
  async health() {
    const url = new URL("health/ready", document.baseURI);
    const answer = await fetch(url, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    return answer.json();
  },
  pause: () => new Promise((resolve) => setTimeout(resolve, AGAIN_MS)),
};

export class Beforehand {
  /** @param {{show: (kind: string, values?: object) => void, settle: (group: string) => void}} notices */
  constructor(notices, world = WORLD) {
    this.notices = notices;
    this.world = world;
    this.over = false;
  }

  async ask() {
    while (!this.over) {
      const found = reading(await this.#health());
      if (this.over) return;
      if (found) this.#tell(found);
      if (found?.ready) return;
      await this.world.pause();
    }
  }

  end() {
    this.over = true;
  }

  /** Null when no answer comes: that changes nothing on the page, and a start tells more. */
  async #health() {
    try {
      return await this.world.health();
    } catch (error) {
      console.info("the server does not say whether it is ready:", error.message);
      return null;
    }
  }

  #tell({ ready, demo, reason }) {
    if (demo) this.notices.show("demo");
    else this.notices.settle("demo");
    if (ready) this.notices.settle("link");
    else this.notices.show("starting", { reason });
  }
}
