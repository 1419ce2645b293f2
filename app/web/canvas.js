/** The pad: pointers to strokes, strokes to the screen. */

import { EVEN_PRESSURE, trace } from "./pen.js";
import { Drawing } from "./strokes.js";

/** @import {Stroke, Point} from "./strokes.js" */

/** Points that a sample gains in each frame while it is written. */
const POINTS_PER_FRAME = 3;

/** A canvas that is drawn on. Calls `onChange` with whether the pen is still down. */
export class Pad {
  drawing = new Drawing();
  /** @type {number | null} */
  #pointer = null;
  #frame = 0;
  #writing = 0;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {(penDown: boolean) => void} onChange
   */
  constructor(canvas, onChange) {
    this.canvas = canvas;
    this.onChange = onChange;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    canvas.addEventListener("pointerdown", (event) => this.#begin(event));
    canvas.addEventListener("pointermove", (event) => this.#extend(event));
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, (event) => this.#end(/** @type {PointerEvent} */ (event)));
    }
    new ResizeObserver(() => this.redraw()).observe(canvas);
    document.addEventListener("themechange", () => this.redraw());
  }

  /** @param {"undo" | "redo" | "clear"} change */
  change(change) {
    this.#pointer = null;
    this.stopWriting();
    this.drawing[change]();
    this.redraw();
    this.onChange(false);
  }

  /**
   * Write strokes the way a hand would, or at once where motion is not wanted.
   *
   * @param {Stroke[]} strokes
   */
  write(strokes) {
    this.stopWriting();
    this.drawing.clear();
    const points = strokes.flatMap((stroke) => stroke.map((point, index) => ({ point, first: index === 0 })));
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const step = () => {
      for (const { point, first } of points.splice(0, still ? Infinity : POINTS_PER_FRAME)) {
        if (first) this.drawing.begin(point);
        else this.drawing.extend(point);
      }
      this.redraw();
      this.#writing = points.length ? requestAnimationFrame(step) : 0;
      this.onChange(points.length > 0);
    };
    step();
  }

  stopWriting() {
    cancelAnimationFrame(this.#writing);
    this.#writing = 0;
  }

  /** Draw at the next frame. */
  redraw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => {
      const side = Math.round(this.canvas.clientWidth * devicePixelRatio);
      if (this.canvas.width !== side) this.canvas.width = this.canvas.height = side;
      this.context.setTransform(1, 0, 0, 1, 0, 0);
      this.context.clearRect(0, 0, side, side);
      this.context.scale(side, side);
      this.context.strokeStyle = getComputedStyle(this.canvas).color;
      trace(this.context, this.drawing.strokes);
    });
  }

  /** @param {PointerEvent} event */
  #begin(event) {
    // A palm or a second finger does not write.
    if (this.#pointer !== null || !event.isPrimary || event.button !== 0) return;
    event.preventDefault();
    this.stopWriting();
    this.#pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.drawing.begin(this.#point(event));
    this.redraw();
    this.onChange(true);
  }

  /** @param {PointerEvent} event */
  #extend(event) {
    if (event.pointerId !== this.#pointer) return;
    const samples = event.getCoalescedEvents?.() ?? [];
    for (const sample of samples.length ? samples : [event]) this.drawing.extend(this.#point(sample));
    this.redraw();
    this.onChange(true);
  }

  /** @param {PointerEvent} event */
  #end(event) {
    if (event.pointerId !== this.#pointer) return;
    this.#pointer = null;
    this.onChange(false);
  }

  /**
   * @param {PointerEvent} event
   * @returns {Point}
   */
  #point(event) {
    const area = this.canvas.getBoundingClientRect();
    return {
      x: (event.clientX - area.left) / area.width,
      y: (event.clientY - area.top) / area.height,
      // Only pens measure it: mice report a constant, and fingers mostly 0 or 1.
      pressure: event.pointerType === "pen" && event.pressure > 0 ? event.pressure : EVEN_PRESSURE,
    };
  }
}
