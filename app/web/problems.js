/** Every error code of the API as what a person would say. */

import { ApiProblem } from "./api.js";
import { savedKey } from "./key.js";

/** @typedef {{title: string, note: string}} Sentence */

const BYTES_PER_MEGABYTE = 2 ** 20;

/** @type {Record<string, Sentence>} */
const SENTENCES = {
  "malformed-request": { title: "The request did not arrive whole.", note: "Please send the picture once more." },
  "malformed-upload": { title: "The picture did not arrive whole.", note: "Please send it once more." },
  "not-found": { title: "This service cannot read these.", note: "Its operator has loaded another model." },
  "method-not-allowed": { title: "This page and the service do not match.", note: "Please reload the page." },
  "upload-timeout": {
    title: "The picture took too long to arrive.",
    note: "Check your connection, or save the picture smaller.",
  },
  "upload-too-large": { title: "This file is too large.", note: "Crop the picture, or save it smaller." },
  "too-many-files": { title: "Too many pictures at once.", note: "Please send fewer." },
  "image-too-large": {
    title: "This picture has too many pixels.",
    note: "Crop it to the character, or save it at a lower resolution.",
  },
  "unsupported-image": {
    title: "This is no picture that Inkling can read.",
    note: "Please choose another.",
  },
  "invalid-parameter": { title: "The service refused a setting of this page.", note: "Please reload the page." },
  "empty-file": { title: "This file is empty.", note: "Please choose another." },
  "corrupt-image": {
    title: "This picture is damaged.",
    note: "It breaks off, or its contents do not fit together. Save it anew or take another.",
  },
  "no-ink": { title: "No character was found.", note: "Write larger or darker, or crop closer." },
  unauthorised: { title: "This service asks for an API key.", note: "Its operator can give you one." },
  overloaded: { title: "Inkling has its hands full.", note: "Please try again in a moment." },
  "not-ready": { title: "Inkling is still starting.", note: "Please try again in a moment." },
  draining: { title: "Inkling is about to restart.", note: "Please try again in a minute." },
  "deadline-exceeded": { title: "That took too long.", note: "The service is busy. Please try again." },
  "internal-error": { title: "Something went wrong on the server.", note: "It is not your picture's fault." },
  network: {
    title: "The service cannot be reached.",
    note: "Check your connection, and that Inkling is running. What you have drawn is still here.",
  },
  unknown: { title: "The answer made no sense.", note: "Something between this page and Inkling may have replied." },
};

/** Problems of the request and not of a picture: the same picture may be read another time. */
export const PASSING = new Set([
  "unauthorised",
  "upload-timeout",
  "overloaded",
  "not-ready",
  "draining",
  "deadline-exceeded",
  "internal-error",
  "network",
  "unknown",
]);

/**
 * Return what happened and what to do about it.
 *
 * @param {unknown} error
 * @param {{drawn?: boolean}} [of] whether the picture was drawn here, which no crop helps
 * @returns {Sentence}
 */
export function explainProblem(error, { drawn = false } = {}) {
  const problem = error instanceof ApiProblem ? error : new ApiProblem({});
  const { title, note } = SENTENCES[problem.code] ?? SENTENCES.unknown;
  if (problem.code === "unauthorised" && savedKey()) {
    return { title: "This API key is not accepted.", note: "Check it for a missing or extra character." };
  }
  if (problem.code === "upload-too-large") {
    const bytes = Number(/(\d+) bytes/.exec(problem.message)?.[1]);
    if (bytes >= BYTES_PER_MEGABYTE) {
      return { title, note: `At most ${Math.floor(bytes / BYTES_PER_MEGABYTE)} MB are taken. ${note}` };
    }
  }
  if (problem.code === "unsupported-image" && problem.message) {
    return { title, note: problem.message };
  }
  if (problem.code === "no-ink" && drawn) {
    return { title, note: "What is drawn is no character yet. Write larger." };
  }
  if (problem.code === "no-ink") {
    return { title, note: `${problem.message} ${note}`.trim() };
  }
  if (problem.code === "internal-error" && problem.requestId) {
    return { title, note: `${note} Its operator can find the cause under ${problem.requestId}.` };
  }
  return { title, note };
}

/** @param {unknown} error */
export function codeOf(error) {
  return error instanceof ApiProblem ? error.code : "unknown";
}
