// The page of a report or a comparison: language, backdrop, finding, and links into the viewer.

import { address, remembered } from "./address.js";
import { finder } from "./find.js";
import { language } from "./language.js";
import { slider } from "./slide.js";
import { viewer } from "./viewer.js";

const root = document.documentElement;
root.classList.add("script");
const dialog = document.querySelector("dialog");
const view = dialog && viewer(dialog);

/** Radio buttons whose choice is remembered. @param {string} name @param {(value: string) => void} act */
function remember(name, act) {
  const before = remembered.get(name);
  const radios = /** @type {NodeListOf<HTMLInputElement>} */ (
    document.querySelectorAll(`input[name=${name}]`)
  );
  for (const radio of radios) {
    if (before) radio.checked = radio.value === before;
    if (radio.checked) act(radio.value);
    radio.addEventListener("change", () => {
      remembered.set(name, radio.value);
      act(radio.value);
    });
  }
}

let found = () => {}; // the finder's words, in a new language
remember("lang", (lang) => {
  language.show(lang);
  found();
});
remember("backdrop", () => {});
const colour = /** @type {HTMLInputElement | null} */ (document.getElementById("backdrop-colour"));
colour?.addEventListener("input", () => {
  root.style.setProperty("--backdrop", colour.value);
  /** @type {HTMLInputElement | null} */
  const radio = document.querySelector("[name=backdrop][value=colour]");
  if (radio) radio.checked = true;
});

document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.defaultPrevented) return;
  const target = /** @type {Element} */ (event.target);
  const link = /** @type {HTMLElement | null} */ (target.closest("figure.panel a, a[data-view]"));
  const figure = /** @type {HTMLElement | null} */ (link?.closest("figure.panel") ?? null);
  const id = link?.dataset.view;
  const article = id ? document.getElementById(id) : link?.closest("article.case");
  if (!link || !view || !(article instanceof HTMLElement)) return;
  event.preventDefault();
  const { kind, model } = figure?.dataset ?? {};
  const of = link.dataset.model;
  const a = kind ? (model ? `${kind}:${model}` : kind) : of ? `result:${of}` : "";
  view(article, { ...(a && { a }), point: link.dataset.point ?? "" });
});

found = finder();
for (const slide of document.querySelectorAll(".slide")) slider(/** @type {HTMLElement} */ (slide));
function follow() {
  const wanted = address.read();
  const article = wanted.view && document.getElementById(wanted.view);
  if (article) view?.(article, wanted);
}
addEventListener("hashchange", follow);
follow();
