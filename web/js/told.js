/**
 * What the server's sentences hold beside their code: the numbers and names that a sentence in another language
 * needs, too. Pure. A test holds these patterns to the server's own sentences.
 */

const WHERE = String.raw`at (?:(?<places>\d+) places, first at )?(?<second>[\d.]+) s`;

const NOTES = {
  truncated: /The file was cut off: its sound ends at (?<second>[\d.]+) s(?: of (?<whole>[\d.]+) s)?\. What is there was read\./,
  damaged: new RegExp(`The file is damaged ${WHERE}; the rest was read\\.`),
  gap: new RegExp(`Sound is missing ${WHERE}; silence was put there\\.`),
};

const REASONS = {
  no_words: /^no words|^nothing was said/,
  unknown_language: /^the language is not known/,
  other_language: /^the sentiment model knows (?<known>.+), not (?<language>\S+)$/,
  analysis_failed: /could not be judged: the model failed with (?<error>\w+)/,
  gave_up: /^this utterance was tried (?<times>\d+) times/,
  not_judged: /^not judged yet/,
};

const PATTERNS = {
  ...NOTES,
  ...REASONS,
  frame_too_big: /of (?<sent>\d+) bytes; send at most (?<most>\d+)/,
  full: /\((?<places>\d+) sessions\)|waits (?<behind>\d+) s|keeps (?<kept>\d+) recordings/,
  bad_start: /^(?<field>\w+) '?(?<value>.+?)'? is (?:not|no) /,
  unsupported_version: /version '?(?<asked>.+?)'? is .* only (?<spoken>\d+)/,
  events_lost: /^(?<count>\d+) events/,
  timeout: /^(?<count>\d+) results/,
  audio_too_long: /(?<length>[\d.]+) s of audio.* at most (?<most>[\d.]+) s/,
  unsupported_language: /^model (?<model>.+) cannot take language '(?<language>\w+)'/,
  unsupported_task: /^model (?<model>.+) knows English only/,
  transcription_failed: /failed: (?<error>\w+)(?:, (?<times>\d+) times)?/,
  gave_up: /tried (?<times>\d+) times/,
  unsupported_codec: /coded as (?!something unknown)(?<codec>.+?), which/,
  unsupported_sound: /has (?<channels>\d+) channels at (?<rate>\d+) Hz.* at most (?<most>\d+) channels at (?<least_rate>\d+) to (?<most_rate>\d+) Hz/,
  too_long: /than the (?<hours>[\d.]+) hours/,
  preparation_failed: /(?<times>\d+) times/,
  not_finished: /\((?<percent>\d+) %\)/,
  too_large: /recording is larger than the (?<bytes>[\d,]+) bytes/,
  too_slow: /less than (?<bytes>[\d,]+) bytes came in (?<seconds>\d+) s/,
  busy: /^(?<count>\d+) recordings/,
  followers_full: /^(?<count>\d+) callers/,
  share_full: /^you have (?<own>\d+)|without a secret have (?<together>\d+)/,
  model_not_found: /model '(?<model>.+?)' is not/,
};

const PLACE = /^from (?<from>[\d.]+) to (?<to>[\d.]+) s: /;

/**
 * Where in a recording it went wrong, if the sentence begins with that, and the rest of it.
 * @param {string} message
 * @returns {{place: {from: string, to: string}|null, rest: string}}
 */
export function placed(message) {
  const found = PLACE.exec(message);
  return { place: found?.groups ?? null, rest: found ? message.slice(found[0].length) : message };
}

/** @param {{code: string, message: string, field?: string|null, retry_after?: number|null, wait?: number|null}} said */
export function values({ code, message, field, retry_after: later, wait }) {
  const found = { field, seconds: later ?? wait, ...PATTERNS[code]?.exec(message)?.groups };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value != null && value !== ""));
}

/** Why something was not judged, with the code that it comes without. @param {string|null} reason */
export function unjudged(reason) {
  const [code] = Object.entries(REASONS).find(([, pattern]) => pattern.test(reason ?? "")) ?? [""];
  return { code, message: reason ?? "" };
}

/** A recording's notes one by one, with the codes that they come without. @param {string} said all of them */
export function notes(said) {
  const found = Object.entries(NOTES)
    .map(([code, pattern]) => ({ code, message: pattern.exec(said)?.[0] }))
    .filter(({ message }) => message)
    .sort((a, b) => said.indexOf(a.message) - said.indexOf(b.message));
  return found.map(({ message }) => message).join(" ") === said ? found : [{ code: "", message: said }];
}
