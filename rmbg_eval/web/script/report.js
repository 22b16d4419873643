// The page of a report or a comparison: language, theme, backdrop, the sheet, and links into the
// viewer.

import { address, remembered } from "./address.js";
import { approvals } from "./approve.js";
import { backdrops } from "./backdrops.js";
import { byEye } from "./by_eye.js";
import { allIn } from "./dom.js";
import { finder } from "./find.js";
import { language } from "./language.js";
import { lead } from "./rows.js";
import { sheet } from "./sheet.js";
import { viewer } from "./viewer.js";

const { documentElement: root } = document;
root.classList.add("script");
root.classList.toggle("many", document.querySelector(".of-many") !== null);
lead(document);
const dialog = /** @type {HTMLDialogElement | null} */ (document.getElementById("viewer"));
const keys = /** @type {HTMLDialogElement | null} */ (document.getElementById("keys"));
const view = dialog && viewer(dialog);

let found = { apply() {}, by(/** @type {string} */ _) {} }; // what is found, once it is
remember("lang", (lang) => {
  language.show(lang);
  found.apply();
});
for (const name of ["theme", "backdrop"]) {
  remember(name, (value) => {
    root.dataset[name] = value;
  });
}
backdrops();

document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.defaultPrevented) return;
  const target = /** @type {Element} */ (event.target);
  if (target.closest('[data-do="keys"]')) return keys?.showModal();
  if (target === keys) return keys?.close(); // beside it
  const link = /** @type {HTMLAnchorElement | null} */ (
    target.closest('figure.tile a, a[href^="#view="]')
  );
  if (!link || !view) return;
  const wanted = Object.fromEntries(new URLSearchParams(link.hash.slice(1)));
  const article = document.getElementById(wanted.view ?? "") ?? link.closest("article.case");
  if (!(article instanceof HTMLElement)) return;
  event.preventDefault(); // the browser would take everything else out of the address
  const { kind, model } = link.closest("figure")?.dataset ?? {};
  const a = kind && (model ? `${kind}:${model}` : kind);
  view(article, { ...wanted, ...(a && { a }) });
});
// Who speaks to the computer, or hits keys unawares, has letters and signs do nothing.
const single = /** @type {HTMLInputElement | null} */ (keys?.querySelector("[name=single-keys]"));
if (single) single.checked = remembered.get("single-keys") !== "off";
single?.addEventListener("change", () => {
  remembered.set("single-keys", single.checked ? "on" : "off");
});
document.addEventListener(
  "keydown",
  (event) => {
    const { key, ctrlKey, metaKey, altKey } = event;
    if (single?.checked || key.length > 1 || key === " " || ctrlKey || metaKey || altKey) return;
    event.stopPropagation(); // it is still written, where one writes
  },
  true,
);
document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  const writes = target instanceof Element && target.matches("input:not([type=radio]), textarea");
  if (key === "?" && !writes && !keys?.open) keys?.showModal(); // over a dialog, too
});

// What scrolls sideways is a stop for keys, while it does.
const scrolls = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth) target.setAttribute("tabindex", "0");
    else target.removeAttribute("tabindex");
  }
});
for (const each of document.querySelectorAll("main [tabindex='0']:is(.scroll, ul)")) {
  scrolls.observe(each);
}

sheet({ open: (article) => view?.(article, {}), by: (model) => found.by(model) });
found = finder(); // after the sheet, which watches every row
function follow() {
  const wanted = address.read();
  const target = document.getElementById(wanted.case ?? "");
  for (let e = target?.closest("details"); e; e = e.parentElement?.closest("details"))
    e.open = true;
  const article = wanted.view && document.getElementById(wanted.view);
  if (article) view?.(article, wanted);
  else dialog?.close();
}
addEventListener("popstate", follow); // before the browser scrolls, unlike hashchange
follow();
byEye();
approvals();

/** Radio buttons whose choice is remembered. @param {string} name @param {(value: string) => void} act */
function remember(name, act) {
  const before = remembered.get(name);
  /** @type {HTMLInputElement[]} */
  const radios = allIn(document, `input[name=${name}]`);
  const there = radios.some((radio) => radio.value === before && before !== "own");
  for (const radio of radios) {
    if (there) radio.checked = radio.value === before;
    if (radio.checked) act(radio.value);
    radio.addEventListener("change", () => {
      remembered.set(name, radio.value);
      act(radio.value);
    });
  }
}
