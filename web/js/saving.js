/** Saves the captions as files. Nothing leaves the page otherwise. */
import { asJson, asText, fileName } from "./exports.js";

const TYPES = { txt: "text/plain;charset=utf-8", json: "application/json" };

/**
 * @param {"txt"|"json"} extension
 * @param {import("./captions.js").Utterance[]} utterances
 * @param {import("./text.js").Text} text
 */
export function save(extension, utterances, text) {
  const date = new Date();
  const body = extension === "txt" ? asText(utterances, text, date) : asJson(utterances, date);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([body], { type: TYPES[extension] }));
  link.download = fileName(date, extension);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // some browsers read it only after the click
}
