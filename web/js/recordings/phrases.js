/** What is said about a job, a file or a refusal, as keys of the page's sentences and their values. Pure. */

const UNITS = ["KB", "MB", "GB", "TB"];

/** Bytes as people read them: 12 KB, 3.4 MB. */
export function size(bytes) {
  let [value, unit] = [bytes / 1024, 0];
  while (value >= 1000 && unit < UNITS.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${value < 10 && unit ? value.toFixed(1) : Math.max(1, Math.round(value))} ${UNITS[unit]}`;
}

/** How far it is: "Writing down the speech, 42 %". @param {{status: string, stage: string, progress: number}} state */
export function progress({ status, stage, progress: percent }, text) {
  if (status !== "running") return text.say(`job.${status}`);
  const known = ["prepare", "transcribe", "merge"].includes(stage) ? stage : "queued";
  return text.say("job.percent", { stage: text.say(`stage.${known}`), percent });
}

/** A time of day, with its date unless that is today's. */
export function moment(seconds, text, now = new Date()) {
  const date = new Date(seconds * 1000);
  const day = date.toDateString() === now.toDateString() ? "" : `${date.toLocaleDateString(text.language)} `;
  return day + text.time(date);
}

/** One line about it: its length, its size, its language, until when it is kept. */
export function about({ seconds, bytes, language, expires_at: expires }, text, found = null) {
  const spoken = found ?? language;
  const parts = [
    seconds ? text.duration(seconds) : "",
    bytes ? size(bytes) : "",
    spoken ? new Intl.DisplayNames([text.language], { type: "language" }).of(spoken) : "",
    expires ? text.say("recording.kept", { time: moment(expires, text) }) : "",
  ];
  return parts.filter(Boolean).join(" · ");
}

/** A refusal in words: the server's, or ours where nothing of the server's came. */
export function refused(refusal, text) {
  const { code, message, status } = refusal;
  if (message) return sentence(text.told(refusal));
  if (code === "offline" || code === "unreachable" || code === "too_large") return text.say(`refused.${code}`);
  return text.say("refused.status", { status });
}

/** The server's messages for people begin small where they follow a code. */
export function sentence(message) {
  const whole = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?…。]$/.test(whole) ? whole : `${whole}.`;
}
