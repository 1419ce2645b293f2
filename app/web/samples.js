/** Characters that the page writes itself, for a first answer with one click. */

import { EVEN_PRESSURE } from "./pen.js";

/**
 * @import {Task} from "./api.js"
 * @import {Stroke, Point} from "./strokes.js"
 */

/**
 * Strokes are parted by |, and a stroke's smooth pieces by a semicolon; a point is "x,y" in hundredths of the pad's side.
 *
 * @type {Record<Task, Record<string, string>>}
 */
const SAMPLES = {
  digit: {
    2: "30,32 36,20 52,15 66,24 64,40 48,60 30,82;30,82 44,79 58,83 72,80",
    3: "32,22 48,14 63,22 60,38 44,47;44,47 62,52 68,68 56,84 38,85 28,76",
    4: "56,14 42,38 27,60;27,60 50,60 75,57|60,38 58,62 57,88",
    5: "68,17 38,18;38,18 35,46;35,46 50,42 66,52 66,70 54,84 38,85 29,78",
    7: "28,20 50,18 72,19;72,19 58,48 46,86",
    8: "64,24 52,14 38,22 40,38 54,48 66,62 62,80 48,87 34,78 36,62 50,48 64,36 64,24",
  },
  char: {
    A: "26,86 38,50 50,14;50,14 61,50 75,86|35,60 66,58",
    R: "33,14 32,50 31,87|33,16 54,13 67,26 58,43 33,48;33,48 52,66 71,86",
    e: "30,54 50,52 68,46;68,46 60,32 44,31 32,46 33,66 46,77 70,70",
    g: "66,30 50,20 35,32 38,50 52,54 65,40;66,26 66,60 60,84 44,90 32,82",
    k: "34,12 33,50 32,87|66,38 48,54 33,62;40,58 54,70 70,86",
    H: "29,15 28,50 27,86|71,14 72,50 71,86|28,51 72,49",
  },
};
/** Points between two of a sample's. */
const STEPS = 6;

/**
 * @param {Task} task
 * @returns {{name: string, strokes: Stroke[]}[]}
 */
export function samplesOf(task) {
  return Object.entries(SAMPLES[task]).map(([name, text]) => ({
    name,
    strokes: text.split("|").map((stroke) => stroke.split(";").flatMap(smoothPiece)),
  }));
}

/**
 * @param {Stroke[]} strokes
 * @returns {SVGSVGElement} a small picture of them
 */
export function sketch(strokes) {
  const space = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(space, "svg");
  picture.setAttribute("viewBox", "0 0 100 100");
  picture.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  const points = (/** @type {Stroke} */ stroke) => stroke.map(({ x, y }) => `${x * 100} ${y * 100}`);
  path.setAttribute("d", strokes.map((stroke) => `M${points(stroke).join("L")}`).join(""));
  picture.append(path);
  return picture;
}

/**
 * A Catmull-Rom spline through the points.
 *
 * @param {string} text
 * @returns {Point[]}
 */
function smoothPiece(text) {
  const knots = text.split(" ").map((pair) => pair.split(",").map((part) => Number(part) / 100));
  const at = (/** @type {number} */ index) => knots[Math.min(Math.max(index, 0), knots.length - 1)];
  const points = [];
  for (let index = 0; index < knots.length - 1; index += 1) {
    for (let step = 0; step < STEPS; step += 1) {
      const [x, y] = [0, 1].map((axis) => {
        const [a, b, c, d] = [-1, 0, 1, 2].map((offset) => at(index + offset)[axis]);
        const t = step / STEPS;
        return b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));
      });
      points.push({ x, y, pressure: EVEN_PRESSURE });
    }
  }
  const [x, y] = knots[knots.length - 1];
  return [...points, { x, y, pressure: EVEN_PRESSURE }];
}
