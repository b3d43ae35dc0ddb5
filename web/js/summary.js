/** Counts over the captions: words, labels, mean score. Pure. */

export const LABELS = ["POSITIVE", "NEUTRAL", "NEGATIVE"];

/** Words of a text; languages written without spaces are split by the browser's own segmenter. */
export function countWords(text, language) {
  if (typeof Intl.Segmenter !== "function") return text.split(/\s+/).filter(Boolean).length;
  const segments = new Intl.Segmenter(language ?? undefined, { granularity: "word" }).segment(text);
  if (/[\u3040-\u30ff\u4e00-\u9fff\u0e00-\u0e7f]/.test(text)) return [...segments].filter((s) => s.isWordLike).length;
  return text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}

/**
 * @param {import("./captions.js").Utterance[]} utterances all of them, also dropped and failed ones
 */
export function summarize(utterances) {
  const spoken = utterances.filter((u) => u.text);
  const judged = spoken.filter((u) => u.sentiment?.label);
  const scores = judged.map((u) => u.sentiment.score ?? 0);
  return {
    utterances: spoken.length,
    words: spoken.reduce((sum, u) => sum + countWords(u.text, u.language), 0),
    judged: judged.length,
    shares: LABELS.map((label) => ({
      label,
      share: judged.length ? judged.filter((u) => u.sentiment.label === label).length / judged.length : 0,
    })),
    mean: scores.length ? scores.reduce((a, b) => a + b, 0) / scores.length : null,
    dropped: utterances.filter((u) => u.dropped).length,
    failed: utterances.filter((u) => u.error || u.cut).length,
  };
}
