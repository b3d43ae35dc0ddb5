/** The captions as files: plain text and JSON. Pure; the caller says what time it is. */
import { clock, signed } from "./text.js";

/**
 * One line per utterance: `[0:07] Positive +0.92  The words.`
 * @param {import("./captions.js").Utterance[]} utterances
 * @param {import("./text.js").Text} text
 * @param {Date} date
 */
export function asText(utterances, text, date) {
  const lines = utterances.map((u) => `[${clock(u.start)}] ${mood(u, text)}  ${u.text}`);
  return [`${text.say("title")} · ${stamp(date).replace("_", " ")}`, "", ...lines, ""].join("\n");
}

function mood({ sentiment }, text) {
  if (!sentiment?.label) return text.say("label.none");
  return `${text.say(`label.${sentiment.label}`)} ${signed(sentiment.score ?? 0)}`;
}

/** The same as data; field names are those of the protocol. */
export function asJson(utterances, date) {
  const rows = utterances.map(({ session, number, start, end, text, language, confidence, task, sentiment, error }) => ({
    session, utterance: number, start: ms(start), end: ms(end), text, language, confidence, task, sentiment, error,
  }));
  return JSON.stringify({ version: 1, saved_at: date.toISOString(), utterances: rows }, null, 2) + "\n";
}

const ms = (seconds) => Math.round(seconds * 1000) / 1000;

/** `captions_2026-01-31_14-05.txt` in local time: sorts by date, allowed on every file system. */
export function fileName(date, extension) {
  return `captions_${stamp(date).replace(":", "-")}.${extension}`;
}

function stamp(date) {
  const two = (n) => String(n).padStart(2, "0");
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join("-");
  return `${day}_${two(date.getHours())}:${two(date.getMinutes())}`;
}
