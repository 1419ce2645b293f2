/** One picture of many: its row in the table and its line in the CSV. */

import { ApiProblem, TOP_K } from "./api.js";
import { makeBar, setBar } from "./answer.js";
import { explainProblem } from "./problems.js";
import { NO_PREVIEW, characters, percent } from "./wording.js";

/** @import {Answer} from "./api.js" */

/** How many of the other candidates are named, and how likely they must be. */
const [OTHERS, LEAST_LIKELY] = [2, 0.001];
/** Digits of a confidence in the CSV, after the point. */
const CSV_DIGITS = 6;
/** The columns of `inkling predict --csv`. */
export const CSV_HEADER = [
  ...["file", "label", "confidence", "characters", "uncertain", "model", "version"],
  ...Array.from({ length: TOP_K - 1 }, (_, index) => [`label_${index + 2}`, `confidence_${index + 2}`]).flat(),
  "problem",
];

/** A picture that waits, was read, or could not be. */
export class Row {
  element = document.createElement("tr");
  /** @type {Answer | ApiProblem | null} */
  result = null;

  /** @param {File} file */
  constructor(file) {
    this.file = file;
    this.url = URL.createObjectURL(file);
    const image = Object.assign(new Image(), { src: this.url, alt: "", className: "thumb", loading: "lazy" });
    const [picture, name] = [document.createElement("td"), cell("file-name", file.name)];
    picture.append(image);
    // A format that the browser cannot show leaves an empty frame and a word about it, not a broken picture.
    image.addEventListener("error", () => {
      image.replaceWith(Object.assign(document.createElement("span"), { className: "thumb" }));
      name.append(Object.assign(document.createElement("small"), { textContent: NO_PREVIEW }));
    });
    this.fixed = [picture, name];
    this.show(null);
  }

  /** @param {Answer | ApiProblem | null} result null while it waits */
  show(result) {
    this.result = result;
    this.element.replaceChildren(...this.fixed, ...cells(result));
  }

  /** How sure the answer is, less than nothing where there is none. */
  get sureness() {
    if (this.result instanceof ApiProblem) return -1;
    return this.result?.confidence ?? 2;
  }

  /** @returns {string[]} in the order of `CSV_HEADER` */
  get values() {
    const { name } = this.file;
    const blank = Array(CSV_HEADER.length - 2).fill("");
    if (this.result === null) return [name, ...blank, ""];
    if (this.result instanceof ApiProblem) return [name, ...blank, this.result.code];
    const { uncertain, candidates, model } = this.result;
    const [best, ...others] = candidates;
    const told = [best.label, best.confidence.toFixed(CSV_DIGITS), best.characters.join(""), String(uncertain)];
    told.push(model.name, model.version);
    for (const other of others) told.push(other.label, other.confidence.toFixed(CSV_DIGITS));
    return [name, ...told, ...blank.slice(told.length), ""];
  }

  release() {
    URL.revokeObjectURL(this.url);
    this.element.remove();
  }
}

/** @param {Answer | ApiProblem | null} result */
function cells(result) {
  if (result === null) return [wide("row-waiting", "Waiting")];
  if (result instanceof ApiProblem) {
    const { title, note } = explainProblem(result);
    return [wide("row-problem", `${title} ${note}`)];
  }
  const [best, ...others] = result.candidates;
  const confidence = cell("row-confidence", percent(result.confidence));
  if (result.uncertain) {
    confidence.append(Object.assign(document.createElement("span"), { className: "row-doubt", textContent: " Not sure" }));
  }
  const bar = makeBar();
  setBar(bar, result.confidence);
  confidence.append(bar);
  const rest = others
    .filter((item) => item.confidence >= LEAST_LIKELY)
    .slice(0, OTHERS)
    .map((item) => `${characters(item)} ${percent(item.confidence)}`);
  return [cell("row-answer", characters(best)), confidence, cell("row-others", rest.join(", ") || "–")];
}

/**
 * @param {string} name of its class
 * @param {string} text
 */
function cell(name, text) {
  return Object.assign(document.createElement("td"), { className: name, textContent: text });
}

/**
 * @param {string} name
 * @param {string} text
 */
function wide(name, text) {
  return Object.assign(cell(name, text), { colSpan: 3 });
}
