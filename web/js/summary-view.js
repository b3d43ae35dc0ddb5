/** The card at the end: how much was said, and with what sentiment. */
import { summarize } from "./summary.js";

const byId = (id) => document.getElementById(id);

export function share({ label, share: part }, text) {
  const row = document.createElement("p");
  row.className = "share";
  row.dataset.label = label;
  const name = document.createElement("span");
  name.textContent = text.say(`label.${label}`);
  const bar = document.createElement("span");
  bar.className = "bar";
  bar.style.setProperty("--share", String(part));
  const number = document.createElement("span");
  number.className = "number";
  number.textContent = `${Math.round(part * 100)} %`;
  row.append(name, bar, number);
  return row;
}

/** @param {import("./captions.js").Captions} captions @param {import("./text.js").Text} text */
export function showSummary(captions, text) {
  const sum = summarize([...captions.utterances.values()]);
  const sentences = [
    sum.utterances
      ? text.say("summary.words", { ...sum, minutes: text.duration(captions.end) })
      : text.say("summary.nothing"),
    sum.dropped ? text.say("summary.dropped", { count: sum.dropped }) : "",
    sum.failed ? text.say("summary.failed", { count: sum.failed }) : "",
  ];
  byId("summary-words").textContent = sentences.filter(Boolean).join(" ");
  byId("summary-shares").replaceChildren(...(sum.judged ? sum.shares.map((row) => share(row, text)) : []));
  byId("summary").hidden = false;
}

export function hideSummary() {
  byId("summary").hidden = true;
}
