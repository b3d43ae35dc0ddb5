/** The sentiment of the whole and the numbers of a finished recording. */
import { share } from "../summary-view.js";
import { LABELS } from "../summary.js";
import { signed } from "../text.js";
import { unjudged } from "../told.js";
import { element, sign } from "./element.js";

/** @param {HTMLElement} card @param {object} result as the server's JSON form has it */
export function showOverall(card, result, text) {
  const { sentiment, statistics } = result;
  const judged = sentiment.label !== null;
  const label = text.say(judged ? `label.${sentiment.label}` : "label.none");
  const mood = element("p", { className: "mood whole" }, sign(sentiment.label), element("span", { className: "label" }, label),
    judged ? element("span", { className: "score" }, signed(sentiment.score ?? 0)) : null);
  const heading = element("h3", {}, text.say("overall.title"));
  card.dataset.label = sentiment.label ?? "";
  if (result.no_speech) {
    card.replaceChildren(heading, element("p", { id: "overall-silence" }, text.say("overall.silence")));
  } else {
    const shares = LABELS.map((name) => share({ label: name, share: sentiment.shares[name] ?? 0 }, text));
    card.replaceChildren(
      element("div", { className: "verdict" }, heading, mood),
      ...(judged ? [element("div", { className: "shares" }, ...shares)] : [element("p", {}, text.told(unjudged(sentiment.reason)))]),
      element("dl", { className: "numbers" }, ...numbers(statistics, result.segments.length, text).map(number)),
    );
  }
  card.hidden = false;
}

function numbers(statistics, segments, text) {
  const { words, words_per_minute: pace, speech_seconds: speech, mean_confidence: sure } = statistics;
  return [
    ["words", words],
    ["pace", pace === null ? null : Math.round(pace)],
    ["speech", text.duration(speech)],
    ["segments", segments],
    ["sure", sure === null ? null : `${Math.round(sure * 100)} %`],
  ].filter(([, value]) => value !== null).map(([name, value]) => [text.say(`overall.${name}`), String(value)]);
}

const number = ([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value));
