/** Starts the page in the reader's language and ties it to the window's own events. */
import { Page } from "./page.js";
import { Recordings } from "./recordings/recordings.js";
import { pick } from "./text.js";

const wanted = new URLSearchParams(location.search).get("lang");
const page = new Page(pick([...(wanted ? [wanted] : []), ...navigator.languages]));

const recordings = new Recordings(() => page.text);
document.getElementById("interface-language").addEventListener("change", () => recordings.speak()); // after the page itself

document.getElementById("socket-address").textContent = new URL("ws", document.baseURI).href.replace(/^http/, "ws");

history.scrollRestoration = "manual"; // what was scrolled through is not there after a reload

addEventListener("pagehide", () => page.leave());
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && page.look());
navigator.mediaDevices?.addEventListener("devicechange", () => page.devicesChanged());
navigator.permissions
  ?.query({ name: "microphone" })
  .then((permission) => (permission.onchange = () => permission.state === "granted" && page.permitted()))
  .catch((error) => console.info("this browser tells nothing of the microphone's permission:", error.message));

// the page ends where the dock begins, however tall the dock is
const dock = document.querySelector(".dock");
new ResizeObserver(() => document.body.style.setProperty("--dock", `${dock.offsetHeight}px`)).observe(dock);

// an open sheet closes when the reader goes elsewhere, or with Escape
const sheets = [...document.querySelectorAll("details.sheet")];
document.addEventListener("pointerdown", ({ target }) => sheets.forEach((s) => s.contains(target) || (s.open = false)));
document.addEventListener("keydown", ({ key }) => {
  const open = key === "Escape" && sheets.find((sheet) => sheet.open);
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
});
