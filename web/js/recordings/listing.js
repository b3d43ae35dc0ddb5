/** The list of one's recordings, as its pages come from the server and are asked for again. Pure. */

/** What the page has for the status of a job of which the server can tell its id alone. */
export const UNREADABLE = "unreadable";

/**
 * @typedef {object} Listing
 * @property {object[]} rows jobs as the server tells them, the newest first; after those of its page {id, status: UNREADABLE}
 * @property {string|null} before for the page after the last row; null: there is none
 */

/** @type {Listing} */
export const NOTHING = { rows: [], before: null };

/** With a page that follows all that is known. @param {Listing} known @param {object} answer of GET /v1/jobs */
export function followed(known, answer) {
  const page = rows(answer);
  return { rows: [...without(page, known.rows), ...page], before: answer.before };
}

/**
 * With the first page asked for again. What is known of older pages stays, and what new ones have pushed off the
 * first; where nothing known is on it any more the list begins anew, for there may be others in between.
 * @param {Listing} known @param {object} answer of GET /v1/jobs
 */
export function renewed(known, answer) {
  const page = rows(answer);
  const meets = answer.before !== null && without(page, known.rows).length < known.rows.length;
  const older = meets ? without(page, known.rows.slice(reach(page, known.rows))) : [];
  return { rows: [...page, ...older], before: older.length ? known.before : answer.before };
}

const rows = ({ jobs, unreadable }) => [...jobs, ...unreadable.map((id) => ({ id, status: UNREADABLE }))];

function without(page, known) {
  const ids = new Set(page.map(({ id }) => id));
  return known.filter(({ id }) => !ids.has(id));
}

/** How many of those known are as new as the page's oldest; one that cannot be read does not stand where its time is. */
function reach(page, known) {
  const ids = new Set(page.map(({ id }) => id));
  return known.findLastIndex(({ id, status }) => status !== UNREADABLE && ids.has(id)) + 1;
}
