/** How pictures come in, other than by drawing: dropped, pasted or chosen. */

/** @typedef {(files: File[]) => void} Taker */

/**
 * Take what is dropped or pasted anywhere on the page.
 *
 * @param {Taker} take
 */
export function takeFromPage(take) {
  const veil = /** @type {HTMLElement} */ (document.querySelector("#veil"));
  // Every element that is crossed reports an entry and a departure; only their balance says whether the page was left.
  let depth = 0;
  const lift = (/** @type {number} */ change) => {
    depth = Math.max(0, depth + change);
    veil.hidden = depth === 0;
  };
  const hasFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");

  document.addEventListener("dragenter", (event) => hasFiles(event) && lift(1));
  document.addEventListener("dragleave", (event) => hasFiles(event) && lift(-1));
  document.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  document.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    lift(-depth);
    give(event.dataTransfer?.files, take);
  });
  document.addEventListener("paste", (event) => give(event.clipboardData?.files, take));
}

/**
 * Take what is chosen in a file dialog.
 *
 * @param {HTMLInputElement} input
 * @param {Taker} take
 */
export function takeFromDialog(input, take) {
  input.addEventListener("change", () => {
    give(input.files, take);
    // So that the same file can be chosen again.
    input.value = "";
  });
}

/**
 * @param {FileList | null | undefined} files
 * @param {Taker} take
 */
function give(files, take) {
  if (files?.length) take([...files]);
}
