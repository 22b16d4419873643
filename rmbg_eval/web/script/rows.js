// The rows of the sheet. On a page of many, the pictures of most are text in a <noscript> until they
// are looked at: a browser is at once done with text, and who has no script sees them all.

import { allIn } from "./dom.js";
import { language } from "./language.js";

const NEAR = "600px"; // of the window: rows that far off are made before one comes to them

/** Every row, as they are ordered. */
export const allRows = () => allIn(document, "article.case");

/** The rows that are left. */
export const shownRows = () => allRows().filter((row) => !row.hidden);

const text = (/** @type {HTMLElement} */ row) => row.querySelector(":scope > noscript");

/** Links lead into the viewer, which without script lead to the row. @param {ParentNode} parent */
export function lead(parent) {
  for (const link of parent.querySelectorAll("a[data-to]")) {
    link.setAttribute("href", link.getAttribute("data-to") ?? "");
  }
}

/** The row with its pictures. @param {HTMLElement} row */
export function complete(row) {
  const later = text(row);
  if (later) {
    later.outerHTML = later.textContent ?? "";
    language.within(row);
    lead(row);
  }
  return row;
}

/** Whether a row has a picture, made or not. @param {HTMLElement} row */
export const pictured = (row) =>
  Boolean(row.querySelector("figure.tile img") ?? text(row)?.textContent?.includes("<img "));

/** Width and height of a row's picture in pixels. @param {HTMLElement | null} row */
export const pictureSize = (row) => (row?.dataset.size ?? "1x1").split("x").map(Number);

/** @type {Set<HTMLElement>} */
const near = new Set();
/** @type {((row: HTMLElement) => void)[]} */
const callbacks = [];
/** @type {IntersectionObserver | null} */
let watch = null;

export const nearby = {
  /** The rows that one sees, or soon will. */
  rows: /** @type {ReadonlySet<HTMLElement>} */ (near),
  /** Call this of each row that comes near. @param {(row: HTMLElement) => void} callback */
  each(callback) {
    callbacks.push(callback);
    if (watch) return;
    watch = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) {
          const row = /** @type {HTMLElement} */ (target);
          near[isIntersecting ? "add" : "delete"](row);
          if (isIntersecting) for (const each of callbacks) each(complete(row));
        }
      },
      { rootMargin: NEAR },
    );
    for (const row of allRows()) watch.observe(row);
  },
};
