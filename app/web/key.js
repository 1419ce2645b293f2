/** The API key, where the operator has set any: kept for this tab only. */

import { recall, remember } from "./storage.js";

const KEY = "inkling-api-key";

/** @returns {string | null} */
export function savedKey() {
  return recall("sessionStorage", KEY);
}

/**
 * Ask for the key.
 *
 * @returns {Promise<boolean>} whether one was given
 */
export function askForKey() {
  const dialog = /** @type {HTMLDialogElement} */ (document.querySelector("#key-dialog"));
  const field = /** @type {HTMLInputElement} */ (document.querySelector("#key"));
  field.value = "";
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "given"), { once: true });
  });
}

document.querySelector("#key-close")?.addEventListener("click", () => closeDialog(""));
document.querySelector("#key-form")?.addEventListener("submit", (event) => {
  // The page's policy forbids forms to go anywhere.
  event.preventDefault();
  const field = /** @type {HTMLInputElement} */ (document.querySelector("#key"));
  remember("sessionStorage", KEY, field.value.trim());
  closeDialog("given");
});

/** @param {string} value */
function closeDialog(value) {
  /** @type {HTMLDialogElement} */ (document.querySelector("#key-dialog")).close(value);
}
