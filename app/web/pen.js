/** Ink: strokes to pixels, on the pad and in the picture that is sent. */

/** @import {Stroke, Point} from "./strokes.js" */

/** Pressure of devices that measure none. */
export const EVEN_PRESSURE = 0.5;
/** Width of a stroke at even pressure, in units of the pad's side. */
const WIDTH = 0.05;
/** Width at no pressure and at full pressure, as shares of `WIDTH`. */
const [LIGHTEST, HEAVIEST] = [0.4, 1.6];
/** Side of the picture that is sent, in pixels: ten of the network's for one of its own. */
const PICTURE_SIDE = 280;
/** Paper around the pad, as a share of that side: what touches the edge of a picture is taken for a neighbour's. */
const MARGIN = 0.1;

/**
 * Draw strokes into the unit square of a context.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Stroke[]} strokes
 */
export function trace(context, strokes) {
  context.fillStyle = context.strokeStyle; // of dots
  context.lineCap = "round";
  context.lineJoin = "round";
  for (const stroke of strokes) traceOne(context, stroke);
}

/**
 * Curves through the midpoints of what was sampled, since a pointer's samples are corners.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Stroke} stroke
 */
function traceOne(context, stroke) {
  let from = stroke[0];
  if (stroke.every(({ x, y }) => x === from.x && y === from.y)) {
    dot(context, from);
    return;
  }
  for (let index = 1; index < stroke.length; index += 1) {
    const [corner, next] = [stroke[index - 1], stroke[index]];
    const middle = { x: (corner.x + next.x) / 2, y: (corner.y + next.y) / 2 };
    segment(context, from, corner, middle, corner.pressure);
    from = { ...middle, pressure: next.pressure };
  }
  const last = stroke[stroke.length - 1];
  segment(context, from, last, last, last.pressure);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {{x: number, y: number}} from
 * @param {{x: number, y: number}} by the point that the curve bends towards
 * @param {{x: number, y: number}} to
 * @param {number} pressure
 */
function segment(context, from, by, to, pressure) {
  context.lineWidth = widthAt(pressure);
  context.beginPath();
  context.moveTo(from.x, from.y);
  context.quadraticCurveTo(by.x, by.y, to.x, to.y);
  context.stroke();
}

/**
 * A tap of the pen, such as the dot of an i: a canvas draws nothing of a stroke without length.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Point} at
 */
function dot(context, { x, y, pressure }) {
  context.beginPath();
  context.arc(x, y, widthAt(pressure) / 2, 0, 2 * Math.PI);
  context.fill();
}

/**
 * @param {number} pressure
 * @returns {number} in units of the pad's side
 */
function widthAt(pressure) {
  return WIDTH * (LIGHTEST + (HEAVIEST - LIGHTEST) * pressure);
}

/**
 * Draw strokes dark on light, whatever colours the page has.
 *
 * @param {Stroke[]} strokes
 * @returns {Promise<Blob>} a PNG
 */
export function picture(strokes) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = PICTURE_SIDE;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.fillStyle = "#fff";
  context.fillRect(0, 0, PICTURE_SIDE, PICTURE_SIDE);
  context.translate(MARGIN * PICTURE_SIDE, MARGIN * PICTURE_SIDE);
  context.scale((1 - 2 * MARGIN) * PICTURE_SIDE, (1 - 2 * MARGIN) * PICTURE_SIDE);
  context.strokeStyle = "#000";
  trace(context, strokes);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The drawing made no picture."))), "image/png");
  });
}
