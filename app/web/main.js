/** Puts the page together: views, the switch between digits and characters, and where pictures go. */

import { Batch } from "./batch.js";
import { openCamera } from "./camera.js";
import { takeFromDialog, takeFromPage } from "./intake.js";
import { askForKey } from "./key.js";
import { Single } from "./single.js";
import { recall, remember } from "./storage.js";

/** @import {Task} from "./api.js" */

/** @type {Record<string, {title: string, subtitle: string}>} */
const LEADS = {
  "one digit": {
    title: "Write a digit. Inkling reads it.",
    subtitle: "With mouse, finger or pen, or from a photo. The answer comes while you write.",
  },
  "one char": {
    title: "Write a character. Inkling reads it.",
    subtitle: "A digit or a letter. Where both cases share an answer, it names both.",
  },
  "many digit": {
    title: "Many digits at once.",
    subtitle: "Drop pictures with one digit on each, and take the answers home as a table.",
  },
  "many char": {
    title: "Many characters at once.",
    subtitle: "Drop pictures with one character on each, and take the answers home as a table.",
  },
};

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const chooser = /** @type {HTMLInputElement} */ (element("file"));

const TASK_KEY = "inkling-task";
/** @type {NodeListOf<HTMLInputElement>} */
const choices = document.querySelectorAll("[name=task]");
for (const choice of choices) {
  if (choice.value === recall("localStorage", TASK_KEY)) choice.checked = true;
}

/** @returns {Task} */
const task = () =>
  /** @type {Task} */ (/** @type {HTMLInputElement} */ (document.querySelector("[name=task]:checked")).value);
let view = "one";

const single = new Single(task);
const batch = new Batch(task);
/** @type {Record<string, Single | Batch>} */
const views = { one: single, many: batch };

/** One picture is read where it can be seen; several need the table. @param {File[]} files */
function take(files) {
  if (view === "one" && files.length === 1) {
    single.read(files[0]);
    return;
  }
  if (view === "one") location.hash = "many";
  batch.add(files);
}

/** Show the view that the address names; other fragments, such as the skip link's, leave it as it is. */
function go() {
  const named = location.hash.slice(1) || "one";
  if (Object.hasOwn(views, named)) view = named;
  show();
}

function show() {
  document.documentElement.dataset.task = task();
  for (const name of Object.keys(views)) element(`view-${name}`).hidden = name !== view;
  for (const link of document.querySelectorAll("[data-view]")) {
    link.toggleAttribute("aria-current", false);
    if (/** @type {HTMLElement} */ (link).dataset.view === view) link.setAttribute("aria-current", "page");
  }
  const { title, subtitle } = LEADS[`${view} ${task()}`];
  element("title").textContent = title;
  element("subtitle").textContent = subtitle;
  views[view].refresh();
}

for (const choice of choices) {
  choice.addEventListener("change", () => {
    remember("localStorage", TASK_KEY, choice.value);
    single.showSamples();
    // What is not in view is read again once it is.
    for (const each of Object.values(views)) each.outdate();
    show();
  });
}
addEventListener("hashchange", go);
takeFromPage(take);
takeFromDialog(chooser, take);
takeFromDialog(/** @type {HTMLInputElement} */ (element("snapshot")), take);
for (const id of ["choose", "choose-many"]) element(id).addEventListener("click", () => chooser.click());
element("photograph").addEventListener("click", () => openCamera((photo) => take([photo])));
element("again").addEventListener("click", () => single.readAgain());
element("enter-key").addEventListener("click", async () => (await askForKey()) && single.readAgain());

document.addEventListener("keydown", (event) => {
  const typing = event.target instanceof HTMLInputElement && event.target.type === "password";
  if (!(event.ctrlKey || event.metaKey) || typing || view !== "one" || document.querySelector("dialog[open]")) return;
  const key = event.key.toLowerCase();
  if (key !== "z" && key !== "y") return;
  event.preventDefault();
  single.change(key === "y" || event.shiftKey ? "redo" : "undo");
});

go();
