/** Numbers and characters the way they are shown. */

/** @import {Candidate} from "./api.js" */

/** In place of a picture whose format the browser cannot show. */
export const NO_PREVIEW = "Your browser has no preview of this file.";
/** Shares beyond these would be shown as certainty or impossibility, which no answer is. */
const [MOST, LEAST] = [0.999, 0.001];

/**
 * @param {number} share 0..1
 * @returns {string}
 */
export function percent(share) {
  if (share > MOST) return "> 99.9%";
  if (share < LEAST) return "< 0.1%";
  return `${(share * 100).toFixed(1)}%`;
}

/**
 * @param {{characters: string[]}} candidate
 * @returns {string} every character of its class
 */
export function characters(candidate) {
  return candidate.characters.join(" / ");
}

/**
 * Say what a calibrated confidence promises.
 *
 * @param {number} confidence 0..1
 * @returns {string}
 */
export function promise(confidence) {
  const right = Math.floor(confidence * 100);
  return right >= 99
    ? "Of characters read this surely, more than 99 in 100 are right."
    : `Of characters read this surely, about ${right} in 100 are right.`;
}
