/** Tables for spreadsheets. */

/** A cell that begins so is run as a formula; an apostrophe makes it text. */
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;
/** Without it, Excel reads UTF-8 as the local code page. */
const BYTE_ORDER_MARK = "\ufeff";

/**
 * Return rows as CSV after RFC 4180.
 *
 * @param {string[][]} rows the first of them the header
 * @returns {Blob}
 */
export function toCsv(rows) {
  const lines = rows.map((row) => row.map(cell).join(","));
  return new Blob([BYTE_ORDER_MARK, lines.join("\r\n"), "\r\n"], { type: "text/csv;charset=utf-8" });
}

/** @param {string} value */
function cell(value) {
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * Offer a file for download.
 *
 * @param {Blob} content
 * @param {string} name
 */
export function download(content, name) {
  const url = URL.createObjectURL(content);
  Object.assign(document.createElement("a"), { href: url, download: name }).click();
  // The browser has the contents once the click has been handled.
  setTimeout(() => URL.revokeObjectURL(url));
}
