/** Light or dark: the system's choice until the visitor makes one. */

import { recall, remember } from "./storage.js";

const KEY = "inkling-theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

/** @returns {boolean} whether the page is dark now */
function isDark() {
  return (document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light")) === "dark";
}

/** Tell the button, and whoever draws with the page's colours. */
function announce() {
  document.querySelector("#theme")?.setAttribute("aria-pressed", String(isDark()));
  document.dispatchEvent(new Event("themechange"));
}

const chosen = recall("localStorage", KEY);
if (chosen) document.documentElement.dataset.theme = chosen;

dark.addEventListener("change", announce);
document.addEventListener("DOMContentLoaded", () => {
  announce();
  document.querySelector("#theme")?.addEventListener("click", () => {
    const theme = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    remember("localStorage", KEY, theme);
    announce();
  });
});
