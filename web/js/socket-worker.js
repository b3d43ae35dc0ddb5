/**
 * The worker that owns the WebSocket: audio comes straight from the audio thread, and all timers of
 * the connection live here, because a hidden or busy page's own timers stand still.
 */
import { Link } from "./link.js";

let link = null;
let health = null;

const world = {
  open: (url) => new WebSocket(url),
  now: () => performance.now(),
  after: (ms, run) => setTimeout(run, ms),
  random: Math.random,
  report(event) {
    postMessage(event);
    if (event.type === "down" && !event.full) explain();
  },
};

/** Why is there no connection? The readiness page knows whether the server is starting, and says why. */
async function explain() {
  try {
    const answer = await fetch(health, { cache: "no-store", signal: AbortSignal.timeout(4000) });
    if (answer.status === 503) postMessage({ type: "starting", health: await answer.json() });
  } catch (error) {
    if (error.name === "TypeError") postMessage({ type: "unreachable" }); // otherwise only slow
  }
}

function listenTo(pipe) {
  pipe.onmessage = ({ data }) => (data === "flushed" ? link.finish() : link.hear(data));
}

onmessage = ({ data }) => {
  if (data.type === "start") {
    health = data.health;
    link = new Link(world);
    link.start(data.settings);
  }
  if (data.type === "pipe") listenTo(data.pipe);
  // the audio thread normally says "flushed" first; a suspended one cannot
  if (data.type === "finish") setTimeout(() => link.finish(), data.within);
};
