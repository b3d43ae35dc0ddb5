/** Which words belong to which second, and back. Pure. */

/**
 * A text in pieces, each word that has a time apart. Words that the text does not have where they are
 * expected are left out, so the pieces always make up exactly the text.
 * @param {string} text
 * @param {{word: string, start: number, end: number}[]|null} words
 * @returns {{text: string, start?: number, end?: number}[]}
 */
export function pieces(text, words) {
  const found = [];
  let at = 0;
  for (const { word, start, end } of words ?? []) {
    const bare = word.trim();
    const place = bare ? text.indexOf(bare, at) : -1;
    if (place < 0) continue;
    if (place > at) found.push({ text: text.slice(at, place) });
    found.push({ text: bare, start, end });
    at = place + bare.length;
  }
  if (at < text.length) found.push({ text: text.slice(at) });
  return found;
}

/**
 * The one that is heard at a second: the last that has begun. Before the first one there is none, and none
 * once it has been silent for longer than `hold` seconds.
 * @template {{start: number, end: number}} T
 * @param {readonly T[]} sorted by `start`
 * @returns {T|null}
 */
export function heard(sorted, second, hold = 1.5) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle].start <= second) low = middle + 1;
    else high = middle;
  }
  const last = sorted[low - 1] ?? null;
  return last && second <= last.end + hold ? last : null;
}
