/**
 * The calls of the HTTP API that this page makes.
 *
 * @typedef {"digit" | "char"} Task
 * @typedef {{label: string, characters: string[], confidence: number}} Candidate
 * @typedef {{polarity: string, box: number[], alone: boolean, model_input: string}} Explanation
 * @typedef {{label: string, confidence: number, uncertain: boolean, candidates: Candidate[],
 *   model: {name: string, version: string}, explanation?: Explanation}} Answer
 * @typedef {{code: string, detail: string, status: number, instance: string}} ProblemDocument
 * @typedef {{signal: AbortSignal, onWait?: (seconds: number) => void}} Call `onWait` hears how long a full service asks
 *   to be left alone
 */

import { savedKey } from "./key.js";

/** How many candidates are asked for. */
export const TOP_K = 5;
/** Longest wait that a service may ask for before the one further attempt, in seconds. */
const LONGEST_WAIT = 15;
const TRY_AGAIN = new Set([429, 503]);
/** What no header can hold: control characters other than the tab. */
const UNSENDABLE = /[\0-\x08\x0a-\x1f\x7f]/;

/** What went wrong, after RFC 9457; the codes `network` and `unknown` are this page's own. */
export class ApiProblem extends Error {
  /** @param {Partial<ProblemDocument>} document */
  constructor(document) {
    super(document.detail ?? "");
    this.code = document.code ?? "unknown";
    this.status = document.status ?? 0;
    this.requestId = document.instance ?? "";
  }
}

/**
 * Recognise one image and say what the network saw.
 *
 * @param {Task} task
 * @param {Blob} image
 * @param {string} polarity
 * @param {Call} call
 * @returns {Promise<{answer: Answer, milliseconds: number}>}
 */
export async function recognise(task, image, polarity, call) {
  const form = new FormData();
  form.append("file", image, image instanceof File ? image.name : "drawing.png");
  const query = new URLSearchParams({ top_k: String(TOP_K), explain: "true", polarity });
  const { body, milliseconds } = await post(`predict/${task}?${query}`, form, call);
  return { answer: body, milliseconds };
}

/**
 * Recognise many images, each on its own.
 *
 * @param {Task} task
 * @param {File[]} files
 * @param {Call} call
 * @returns {Promise<(Answer | ApiProblem)[]>} in the order given
 */
export async function recogniseMany(task, files, call) {
  const form = new FormData();
  for (const file of files) form.append("files", file, file.name);
  const { body } = await post(`predict/${task}/batch?top_k=${TOP_K}`, form, call);
  return body.results.map((/** @type {any} */ result) => (result.problem ? new ApiProblem(result.problem) : result));
}

/**
 * Post a form, once more after `Retry-After` where the service is full.
 *
 * @param {string} path
 * @param {FormData} form
 * @param {Call} call
 * @returns {Promise<{body: any, milliseconds: number}>}
 */
async function post(path, form, { signal, onWait }) {
  let reply = await send(path, form, signal);
  const wait = Number(reply.response.headers.get("Retry-After"));
  if (TRY_AGAIN.has(reply.response.status) && wait > 0 && wait <= LONGEST_WAIT) {
    onWait?.(wait);
    await pause(wait * 1000, signal);
    reply = await send(path, form, signal);
  }
  const { response, milliseconds } = reply;
  const body = await response.json().catch(() => ({}));
  if (!response.ok) {
    throw new ApiProblem({
      status: response.status,
      instance: response.headers.get("X-Request-ID") ?? undefined,
      ...body,
    });
  }
  if (!body.label && !body.results) throw new ApiProblem({ status: response.status });
  return { body, milliseconds };
}

/**
 * @param {string} path
 * @param {FormData} form
 * @param {AbortSignal} signal
 * @returns {Promise<{response: Response, milliseconds: number}>} and the time until the answer began to arrive
 */
async function send(path, form, signal) {
  const began = performance.now();
  const headers = keyHeader();
  try {
    const response = await fetch(path, { method: "POST", body: form, headers, signal });
    return { response, milliseconds: performance.now() - began };
  } catch (error) {
    if (signal.aborted) throw error;
    throw new ApiProblem({ code: "network" });
  }
}

/**
 * Return the header that brings the key, where there is one; a key that no header can hold is refused as a wrong one.
 *
 * @returns {Record<string, string>}
 */
function keyHeader() {
  const key = savedKey();
  if (!key) return {};
  if (UNSENDABLE.test(key)) throw new ApiProblem({ code: "unauthorised" });
  // The service takes the digest of the key's UTF-8; `fetch` wants one character for each byte and refuses others.
  const bytes = [...new TextEncoder().encode(key)];
  return { "X-API-Key": bytes.map((byte) => String.fromCharCode(byte)).join("") };
}

/**
 * @param {number} milliseconds
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
