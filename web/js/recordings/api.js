/** Asks the server about recordings. Every function throws a Refusal for whatever does not succeed. */
import { away, refusal } from "./refusal.js";

const JOBS = new URL("v1/jobs", document.baseURI).href;

export const job = (id) => `${JOBS}/${encodeURIComponent(id)}`;
export const events = (id) => `${job(id)}/events`;
export const result = (id, format) => `${job(id)}/result?format=${format}`;

async function ask(address, method = "GET") {
  let answer;
  try {
    answer = await fetch(address, { method, headers: { Accept: "application/json" } });
  } catch {
    throw away(navigator.onLine);
  }
  if (answer.status === 204) return null;
  const body = await answer.text().catch(() => "");
  if (!answer.ok) throw refusal(answer.status, body, answer.headers.get("Retry-After"));
  try {
    return JSON.parse(body);
  } catch {
    throw refusal(answer.status, body);
  }
}

/** One's own, the newest first: {jobs, unreadable, before, most_bytes}. */
export const list = (before = null) => ask(before ? `${JOBS}?before=${before}` : JOBS);
export const state = (id) => ask(job(id));
export const whole = (id) => ask(result(id, "json"));

/** Cancels what runs (gives its state), erases what has ended (null). */
export const erase = (id) => ask(job(id), "DELETE");

/**
 * Send a file; fetch cannot tell how much of it has left.
 * @param {File} file
 * @param {{language: string|null, task: string}} options
 * @param {(share: number) => void} sent 0..1
 * @returns {{answer: Promise<object>, abort: () => void}} abort: the promise never settles
 */
export function send(file, { language, task }, sent) {
  const query = new URLSearchParams({ task, words: "true", ...(language ? { language } : {}) });
  const form = new FormData();
  form.append("file", file, file.name);
  const request = new XMLHttpRequest();
  request.open("POST", `${JOBS}?${query}`);
  request.setRequestHeader("Accept", "application/json");
  request.upload.onprogress = ({ loaded, total }) => sent(total ? loaded / total : 0);
  const answer = new Promise((resolve, reject) => {
    request.onerror = () => reject(away(navigator.onLine));
    request.onload = () => {
      const failed = () => reject(refusal(request.status, request.responseText, request.getResponseHeader("Retry-After")));
      if (request.status < 200 || request.status > 299) return failed();
      try {
        resolve(JSON.parse(request.responseText));
      } catch {
        failed();
      }
    };
  });
  request.send(form);
  return { answer, abort: () => request.abort() };
}
