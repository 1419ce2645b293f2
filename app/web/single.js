/** The view that reads one: a drawing, or a picture in its place. */

import { recognise } from "./api.js";
import { showAnswer, showBusy, showEmpty, showProblem, showWaiting } from "./answer.js";
import { Pad } from "./canvas.js";
import { Latest } from "./latest.js";
import { picture } from "./pen.js";
import { frameWriting, hideFrame, hidePhoto, showPhoto } from "./photo.js";
import { codeOf } from "./problems.js";
import { samplesOf, sketch } from "./samples.js";

/** @import {Task} from "./api.js" */

/** A pause of the pen after which the drawing is read, and the longest time that it goes on unread. */
const [PAUSE_MS, PATIENCE_MS] = [90, 300];

/** @param {string} id */
const element = (id) => /** @type {HTMLButtonElement} */ (document.getElementById(id));

export class Single {
  /** @type {File | null} */
  #photo = null;
  #latest = new Latest();
  #timer = 0;
  #unreadSince = 0;
  #penDown = false;
  #stale = false;

  /** @param {() => Task} task which model is asked */
  constructor(task) {
    this.task = task;
    const canvas = /** @type {HTMLCanvasElement} */ (document.querySelector("#canvas"));
    this.pad = new Pad(canvas, (penDown) => this.#changed(penDown));
    for (const change of /** @type {const} */ (["undo", "redo", "clear"])) {
      element(change).addEventListener("click", () => this.change(change));
    }
    this.showSamples();
  }

  /** @param {"undo" | "redo" | "clear"} change */
  change(change) {
    // A picture lies over the drawing: taking it away shows that again.
    if (this.#photo && change !== "redo") this.#forgetPhoto();
    else this.pad.change(change);
  }

  /** @param {File} file */
  read(file) {
    this.pad.stopWriting();
    this.#photo = file;
    showPhoto(file);
    this.#changed(false);
  }

  readAgain() {
    this.#changed(false);
  }

  /** Take the answer back, as another model is chosen now. */
  outdate() {
    this.#latest.cancel();
    clearTimeout(this.#timer);
    this.#stale = true;
  }

  /** Read again what is out of date. */
  refresh() {
    if (this.#stale) this.readAgain();
  }

  showSamples() {
    const items = samplesOf(this.task()).map(({ name, strokes }) => {
      const button = Object.assign(document.createElement("button"), { type: "button", className: "sample" });
      button.ariaLabel = `Write ${name}`;
      button.append(sketch(strokes));
      button.addEventListener("click", () => {
        this.#forgetPhoto();
        this.pad.write(strokes);
      });
      const item = document.createElement("li");
      item.append(button);
      return item;
    });
    document.querySelector("#samples")?.replaceChildren(...items);
  }

  #forgetPhoto() {
    this.#photo = null;
    hidePhoto();
    this.#changed(false);
  }

  /** @param {boolean} penDown whether there is more to come */
  #changed(penDown) {
    const { drawing } = this.pad;
    const written = this.#photo !== null || drawing.strokes.length > 0;
    element("undo").disabled = !this.#photo && !drawing.canUndo;
    element("redo").disabled = this.#photo !== null || !drawing.canRedo;
    element("clear").disabled = !written;
    document.querySelector("#pad")?.toggleAttribute("data-written", written);
    this.#penDown = penDown;
    this.#stale = false;
    clearTimeout(this.#timer);
    if (!written) {
      this.#latest.cancel();
      this.#unreadSince = 0;
      showEmpty();
      return;
    }
    showBusy();
    hideFrame();
    const now = performance.now();
    this.#unreadSince ||= now;
    const wait = penDown ? Math.min(PAUSE_MS, Math.max(0, this.#unreadSince + PATIENCE_MS - now)) : 0;
    this.#timer = setTimeout(() => this.#ask(), wait);
  }

  #ask() {
    this.#unreadSince = 0;
    const [task, photo] = [this.task(), this.#photo];
    return this.#latest.run(
      async (signal) => {
        const image = photo ?? (await picture(this.pad.drawing.strokes));
        return recognise(task, image, photo ? "auto" : "dark_on_light", { signal, onWait: showWaiting });
      },
      ({ answer, milliseconds }) => {
        showAnswer(answer, milliseconds);
        if (photo && answer.explanation) frameWriting(answer.explanation.box);
        this.#staleIfUnread();
      },
      (error) => {
        // The first touch of a pen is no character yet.
        if (this.#penDown && codeOf(error) === "no-ink") return;
        showProblem(error, { drawn: photo === null });
        this.#staleIfUnread();
      },
    );
  }

  /** An answer that came while the pen went on is shown, but is not the last word. */
  #staleIfUnread() {
    if (this.#unreadSince) showBusy();
  }
}
