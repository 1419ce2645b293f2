/** The view that reads many pictures. */

import { ApiProblem, recogniseMany } from "./api.js";
import { download, toCsv } from "./csv.js";
import { askForKey } from "./key.js";
import { Latest } from "./latest.js";
import { PASSING, codeOf, explainProblem } from "./problems.js";
import { CSV_HEADER, Row } from "./row.js";

/** @import {Task} from "./api.js" */

/** The service's own limit, unless its operator has set another. */
const FILES_PER_CALL = 64;
/** Half of what the service takes by default. */
const BYTES_PER_CALL = 32 * 2 ** 20;
/** What a smaller call may mend. */
const TOO_MUCH = new Set(["too-many-files", "upload-too-large", "upload-timeout", "overloaded"]);

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** Pictures, their rows, and what is still to be read. */
export class Batch {
  /** @type {Row[]} */
  #rows = [];
  #latest = new Latest();
  #running = false;
  #stale = false;

  /** @param {() => Task} task which model is asked */
  constructor(task) {
    this.task = task;
    element("empty").addEventListener("click", () => this.clear());
    element("download").addEventListener("click", () => this.#download());
    element("doubtful-first").addEventListener("change", () => this.#sort());
    element("batch-again").addEventListener("click", () => this.#run());
    element("batch-enter-key").addEventListener("click", async () => (await askForKey()) && this.#run());
  }

  /** @param {File[]} files */
  add(files) {
    const rows = files.map((file) => new Row(file));
    this.#rows.push(...rows);
    element("rows").append(...rows.map((row) => row.element));
    if (!this.#running) this.#run();
    this.#report();
  }

  /** Take the answers back, as another model is chosen now. */
  outdate() {
    if (!this.#rows.length) return;
    this.#latest.cancel();
    this.#running = false;
    this.#stale = true;
    for (const row of this.#rows) row.show(null);
    this.#report();
  }

  /** Read again what is out of date. */
  refresh() {
    if (this.#stale) this.#run();
  }

  clear() {
    this.#latest.cancel();
    this.#running = false;
    for (const row of this.#rows) row.release();
    this.#rows = [];
    this.#report();
    element("choose-many").focus();
  }

  #run() {
    element("batch-problem").hidden = true;
    this.#stale = false;
    this.#running = this.#rows.length > 0;
    this.#report();
    return this.#latest.run(
      (signal) => this.#readWaiting(signal),
      () => this.#finish(null),
      (error) => this.#finish(error),
    );
  }

  /** @param {AbortSignal} signal */
  async #readWaiting(signal) {
    let most = FILES_PER_CALL;
    for (let rows = this.#next(most); rows.length; rows = this.#next(most)) {
      try {
        const files = rows.map((row) => row.file);
        const results = await recogniseMany(this.task(), files, { signal });
        if (signal.aborted) return;
        rows.forEach((row, index) => row.show(results[index]));
      } catch (error) {
        if (signal.aborted || !(error instanceof ApiProblem)) throw error;
        if (TOO_MUCH.has(error.code) && rows.length > 1) most = Math.ceil(rows.length / 2);
        else if (PASSING.has(error.code) || rows.length > 1) throw error;
        else rows[0].show(error);
      }
      this.#report();
    }
  }

  /**
   * @param {number} most
   * @returns {Row[]} the next that wait, as many as fit into one call
   */
  #next(most) {
    let bytes = 0;
    const waiting = this.#rows.filter((row) => row.result === null).slice(0, most);
    return waiting.filter((row, index) => (bytes += row.file.size) <= BYTES_PER_CALL || index === 0);
  }

  /** @param {unknown} error that kept some from being read, or null */
  #finish(error) {
    this.#running = false;
    if (error !== null) {
      const { title, note } = explainProblem(error);
      element("batch-problem-text").textContent = `${title} ${note}`;
      element("batch-enter-key").hidden = codeOf(error) !== "unauthorised";
      element("batch-problem").hidden = false;
    }
    this.#sort();
    this.#report();
  }

  #sort() {
    const doubtfulFirst = /** @type {HTMLInputElement} */ (element("doubtful-first")).checked;
    const rows = doubtfulFirst ? [...this.#rows].sort((a, b) => a.sureness - b.sureness) : this.#rows;
    element("rows").replaceChildren(...rows.map((row) => row.element));
  }

  #report() {
    const done = this.#rows.filter((row) => row.result !== null);
    const unread = done.filter((row) => row.result instanceof ApiProblem).length;
    const whole = done.length === this.#rows.length;
    const count = this.#rows.length === 1 ? "1 picture" : `${this.#rows.length} pictures`;
    const failures = unread ? `, ${unread} could not be read` : "";
    const words = whole ? `${count}${failures}` : `${done.length} of ${count}`;
    element("summary").textContent = words;
    element("spoken").textContent = this.#rows.length && whole ? `${words}. All done.` : "";
    const progress = /** @type {HTMLProgressElement} */ (element("progress"));
    progress.max = Math.max(1, this.#rows.length);
    progress.value = done.length;
    progress.hidden = !this.#running;
    element("batch").hidden = this.#rows.length === 0;
    element("view-many").toggleAttribute("data-filled", this.#rows.length > 0);
    element("view-many").ariaBusy = String(this.#running);
    /** @type {HTMLButtonElement} */ (element("download")).disabled = done.length === 0;
  }

  #download() {
    download(toCsv([CSV_HEADER, ...this.#rows.map((row) => row.values)]), `inkling-${this.task()}.csv`);
  }
}
