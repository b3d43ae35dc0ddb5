/**
 * Samples to the bytes of one socket frame, and between the page's and the server's sample numbers. Pure.
 */
export const FORMAT = "f32le";
export const BYTES_PER_SAMPLE = 4;
export const SERVER_RATE = 16_000;

/** Frames for catching up after a break are longer than live ones: 16,384 samples, 64 kB. */
export const LONGEST_FRAME = 16_384;

/** Kept beyond what is accepted when the server resamples: its filter holds back up to 69 ms. */
const RESAMPLER_SECONDS = 0.1;

/**
 * Float32 little-endian bytes, clipped to -1..1 (browsers exceed 1 by a little); NaN and infinity,
 * which the server refuses, become 0.
 * @param {Float32Array} samples
 * @returns {ArrayBuffer}
 */
export function frame(samples) {
  const view = new DataView(new ArrayBuffer(samples.length * BYTES_PER_SAMPLE));
  for (let i = 0; i < samples.length; i++) {
    const s = samples[i];
    view.setFloat32(i * BYTES_PER_SAMPLE, Number.isFinite(s) ? Math.max(-1, Math.min(1, s)) : 0, true);
  }
  return view.buffer;
}

/** Samples of one frame that the server takes. */
export function frameLimit(maxFrameBytes) {
  return Math.max(1, Math.min(LONGEST_FRAME, Math.floor(maxFrameBytes / BYTES_PER_SAMPLE)));
}

/** The server's sample number as one of the capture's. */
export function captured(serverSamples, rate, serverRate) {
  return Math.round((serverSamples * rate) / serverRate);
}

/** The server's sample number (16 kHz) as samples of the capture's rate that may be forgotten. */
export function forgettable(serverSamples, rate, serverRate = SERVER_RATE) {
  if (rate === serverRate) return serverSamples;
  return Math.max(0, Math.floor((serverSamples * rate) / serverRate - RESAMPLER_SECONDS * rate));
}
