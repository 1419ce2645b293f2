/** What the browser keeps for the page. Some refuse, as in private windows; the page then forgets on leaving. */

/** @type {Map<string, string>} */
const unkept = new Map();

/**
 * @param {"localStorage" | "sessionStorage"} where
 * @param {string} key
 * @returns {string | null}
 */
export function recall(where, key) {
  try {
    return window[where].getItem(key);
  } catch {
    return unkept.get(key) ?? null;
  }
}

/**
 * @param {"localStorage" | "sessionStorage"} where
 * @param {string} key
 * @param {string} value
 */
export function remember(where, key, value) {
  try {
    window[where].setItem(key, value);
  } catch {
    unkept.set(key, value);
  }
}
