/** A picture in place of the pad, and where on it the writing was found. */

import { NO_PREVIEW } from "./wording.js";

const [holder, preview, box, noPreview] = ["image", "preview", "box", "no-preview"].map(
  (id) => /** @type {HTMLElement} */ (document.getElementById(id)),
);
const image = /** @type {HTMLImageElement} */ (preview);
/** Counts the frames asked for and taken away, so that a late one is not drawn. */
let framing = 0;

noPreview.textContent = NO_PREVIEW;
image.addEventListener("error", () => {
  image.hidden = true;
  noPreview.hidden = false;
});

/** @param {File} file */
export function showPhoto(file) {
  hidePhoto();
  image.hidden = false;
  noPreview.hidden = true;
  image.alt = `Your picture, ${file.name}`;
  image.src = URL.createObjectURL(file);
  holder.hidden = false;
}

export function hidePhoto() {
  if (image.src) URL.revokeObjectURL(image.src);
  image.removeAttribute("src");
  holder.hidden = true;
  hideFrame();
}

/** Take the frame away, as what it was found in is being read anew. */
export function hideFrame() {
  framing += 1;
  box.hidden = true;
}

/**
 * Frame the writing.
 *
 * @param {number[]} found left, top, right, bottom in pixels of the picture
 */
export async function frameWriting([left, top, right, bottom]) {
  const asked = (framing += 1);
  await image.decode().catch(() => {});
  const { naturalWidth: width, naturalHeight: height } = image;
  if (!width || framing !== asked) return;
  // The pad is a square of 100 by 100, with the whole picture in its middle.
  const scale = 100 / Math.max(width, height);
  const [offsetX, offsetY] = [(100 - width * scale) / 2, (100 - height * scale) / 2];
  box.style.left = `${offsetX + left * scale}%`;
  box.style.top = `${offsetY + top * scale}%`;
  box.style.width = `${(right - left) * scale}%`;
  box.style.height = `${(bottom - top) * scale}%`;
  box.hidden = false;
}
