/** One picture of many: its row in the table and its line in the CSV. */

import { ApiProblem } from "./api.js";
import { makeBar, setBar } from "./answer.js";
import { explainProblem } from "./problems.js";
import { characters, percent } from "./wording.js";

/** @import {Answer} from "./api.js" */

/** How many of the other candidates are named, and how likely they must be. */
const [OTHERS, LEAST_LIKELY] = [2, 0.001];
export const CSV_HEADER = [
  "file",
  "answer",
  "characters",
  "confidence",
  "uncertain",
  "second",
  "second confidence",
  "model",
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
    // A format that the browser cannot show leaves an empty frame, not a broken picture.
    image.addEventListener("error", () => image.removeAttribute("src"));
    const picture = document.createElement("td");
    picture.append(image);
    this.fixed = [picture, cell("file-name", file.name)];
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

  /** @returns {(string | number)[]} in the order of `CSV_HEADER` */
  get values() {
    const { name } = this.file;
    if (this.result === null) return [name, "", "", "", "", "", "", "", ""];
    if (this.result instanceof ApiProblem) return [name, "", "", "", "", "", "", "", this.result.code];
    const { label, confidence, uncertain, candidates, model } = this.result;
    const [best, second] = candidates;
    return [
      name,
      label,
      best.characters.join(" "),
      confidence,
      String(uncertain),
      second?.label ?? "",
      second?.confidence ?? "",
      `${model.name} ${model.version}`,
      "",
    ];
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
