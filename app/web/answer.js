/** The answer's card: nothing yet, an answer, or a problem. */

import { characters, percent, promise } from "./wording.js";
import { PASSING, codeOf, explainProblem } from "./problems.js";

/** @import {Answer, Candidate} from "./api.js" */

/** Quiet time before an answer is read out, so that a screen reader does not follow every stroke. */
const SPOKEN_AFTER_MS = 700;

/** @param {string} id */
const element = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const card = element("answer");
let speaking = 0;

/** Mark the answer as out of date while a newer one is awaited. */
export function showBusy() {
  card.ariaBusy = "true";
}

export function showEmpty() {
  showGist(false);
  settle("empty", "");
}

/**
 * @param {Answer} answer
 * @param {number} milliseconds of the round trip
 */
export function showAnswer(answer, milliseconds) {
  const [best, ...others] = answer.candidates;
  mark(element("label"), best.characters);
  element("verdict").textContent = `${percent(answer.confidence)} sure`;
  element("meaning").textContent = meaningOf(answer);
  const name = document.createElement("b");
  name.textContent = characters(best) + (answer.uncertain ? "?" : "");
  showGist(answer.uncertain, name, percent(answer.confidence));
  const doubt = doubtOf(answer);
  element("doubt").textContent = doubt;
  element("doubt").hidden = !doubt;
  showCandidates(answer.candidates);
  if (answer.explanation) {
    /** @type {HTMLImageElement} */ (element("seen")).src = answer.explanation.model_input;
  }
  element("time").textContent = `${Math.max(1, Math.round(milliseconds))} ms round trip`;
  element("model").textContent = `Model ${answer.model.name} ${answer.model.version}`;
  const rest = others.slice(0, 2).map((item) => `${spokenName(item)} ${percent(item.confidence)}`);
  settle("read", `Read as ${spokenName(best)}, ${percent(best.confidence)}.${doubt && ` ${doubt}`} Otherwise ${rest.join(", ")}.`);
}

/**
 * @param {Answer} answer
 * @returns {string} what its confidence promises, which is of single characters, and whether both cases share it
 */
function meaningOf({ candidates: [best], confidence, explanation }) {
  const promised = isAlone(explanation) ? promise(confidence) : "";
  return [promised, best.characters.length > 1 ? "Both cases share this answer." : ""].filter(Boolean).join(" ");
}

/**
 * @param {Answer["explanation"]} explanation
 * @returns {boolean} whether the picture seems to show one character, as it does where nothing is said of it
 */
function isAlone(explanation) {
  return explanation?.alone ?? true;
}

/**
 * @param {Answer} answer
 * @returns {string} why a person should look; empty where none needs to
 */
function doubtOf({ uncertain, explanation }) {
  if (!uncertain) {
    return "";
  }
  return `${isAlone(explanation) ? "Inkling is not sure here." : "There seems to be more than one character."} Better let a person look.`;
}

/**
 * @param {unknown} error
 * @param {{drawn: boolean}} of whether the picture was drawn here
 */
export function showProblem(error, of) {
  const { title, note } = explainProblem(error, of);
  element("problem").textContent = title;
  element("problem-note").textContent = note;
  element("enter-key").hidden = codeOf(error) !== "unauthorised";
  element("again").hidden = codeOf(error) === "unauthorised" || !PASSING.has(codeOf(error));
  showGist(false, title);
  settle("problem", `${title} ${note}`);
}

/** @param {number} seconds that a full service asked for */
export function showWaiting(seconds) {
  const [title, note] = ["Inkling is busy.", `Trying again in ${seconds} s.`];
  element("problem").textContent = title;
  element("problem-note").textContent = note;
  element("enter-key").hidden = element("again").hidden = true;
  showGist(false, title);
  card.dataset.state = "problem";
  speak(`${title} ${note}`);
}

/**
 * @param {"empty" | "read" | "problem"} state
 * @param {string} words for those who listen
 */
function settle(state, words) {
  card.dataset.state = state;
  card.ariaBusy = "false";
  speak(words);
}

/** @param {string} words for those who listen */
function speak(words) {
  clearTimeout(speaking);
  speaking = setTimeout(() => (element("spoken").textContent = words), SPOKEN_AFTER_MS);
}

/**
 * Write all characters of a class, the second as large as the first.
 *
 * @param {HTMLElement} target
 * @param {string[]} all
 */
function mark(target, all) {
  target.classList.toggle("pair", all.length > 1);
  target.replaceChildren(
    ...all.flatMap((character, index) => {
      const slash = Object.assign(document.createElement("i"), { textContent: "/" });
      return index ? [slash, character] : [character];
    }),
  );
}

/**
 * Put the answer in a corner of the pad, where there is no room to see it beside.
 *
 * @param {boolean} doubtful
 * @param {(Node | string)[]} parts
 */
function showGist(doubtful, ...parts) {
  element("gist").classList.toggle("doubtful", doubtful);
  element("gist").replaceChildren(...parts);
}

/**
 * Keep the rows, so that their bars move from one answer to the next.
 *
 * @param {Candidate[]} candidates
 */
function showCandidates(candidates) {
  const list = element("candidates");
  while (list.children.length > candidates.length) list.lastElementChild?.remove();
  while (list.children.length < candidates.length) list.append(candidateRow());
  candidates.forEach((candidate, index) => {
    const [name, track, share] = list.children[index].children;
    name.textContent = characters(candidate);
    share.textContent = percent(candidate.confidence);
    setBar(track, candidate.confidence);
  });
}

/** @returns {HTMLLIElement} */
function candidateRow() {
  const row = document.createElement("li");
  row.className = "candidate";
  row.append(document.createElement("b"), makeBar(), document.createElement("span"));
  return row;
}

/** @returns {HTMLElement} a bar without a length */
export function makeBar() {
  const track = document.createElement("span");
  track.className = "track";
  track.ariaHidden = "true";
  track.append(document.createElement("span"));
  return track;
}

/**
 * @param {Element} track
 * @param {number} share 0..1
 */
export function setBar(track, share) {
  /** @type {HTMLElement} */ (track.firstElementChild).style.transform = `translateX(${(share - 1) * 100}%)`;
}

/**
 * Screen readers speak C and c alike.
 *
 * @param {Candidate} candidate
 */
function spokenName(candidate) {
  return candidate.characters
    .map((character) => (/[A-Z]/.test(character) ? `capital ${character}` : character))
    .join(" or ");
}
