/**
 * What has been drawn, and the way back.
 *
 * @typedef {{x: number, y: number, pressure: number}} Point x and y in units of the pad's side, y downwards; pressure 0..1
 * @typedef {Point[]} Stroke
 */

/** A drawing as a line of states, so that clearing can be undone like any stroke. */
export class Drawing {
  /** @type {Stroke[][]} */
  #states = [[]];
  #now = 0;

  /** @returns {Stroke[]} */
  get strokes() {
    return this.#states[this.#now];
  }

  get canUndo() {
    return this.#now > 0;
  }

  get canRedo() {
    return this.#now < this.#states.length - 1;
  }

  /** @param {Point} point where a new stroke begins */
  begin(point) {
    this.#push([...this.strokes, [point]]);
  }

  /** @param {Point} point where the stroke under way goes on */
  extend(point) {
    this.strokes.at(-1)?.push(point);
  }

  clear() {
    if (this.strokes.length) this.#push([]);
  }

  undo() {
    if (this.canUndo) this.#now -= 1;
  }

  redo() {
    if (this.canRedo) this.#now += 1;
  }

  /** @param {Stroke[]} strokes */
  #push(strokes) {
    this.#states.splice(this.#now + 1, Infinity, strokes);
    this.#now += 1;
  }
}
