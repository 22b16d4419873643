// Texts with values: the templates hold them in every language, with their places for values left
// open, and the page shows one.

import { h } from "./dom.js";

/**
 * An element with `data-say="name"` as it stands in the page, its places filled, with a list as
 * the language of the text has it. A text is never read as HTML.
 * @param {Element | DocumentFragment} where what has the texts
 * @param {string} name
 * @param {Record<string, string | number | string[]>} [values]
 * @returns {Node[]}
 */
export function say(where, name, values = {}) {
  const text = where.querySelector(`[data-say="${name}"]`);
  const copy = /** @type {Element | undefined} */ (text?.cloneNode(true));
  if (!copy) return [];
  const walker = document.createTreeWalker(copy, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const lang = node.parentElement?.lang || undefined;
    node.textContent = (node.textContent ?? "").replace(/\{(\w+)\}/g, (whole, key) => {
      const value = values[key];
      if (Array.isArray(value)) return new Intl.ListFormat(lang).format(value);
      return key in values ? String(value) : whole;
    });
  }
  return [...copy.childNodes];
}

/** A text in every language, of which the page shows one. @param {Record<string, string>} text @returns {Node[]} */
export const everywhere = (text) =>
  Object.entries(text).map(([lang, words]) => h("span", { lang }, words));

/** The texts that a template of the page holds. @param {string} id */
export const wordsOf = (id) =>
  /** @type {HTMLTemplateElement} */ (document.getElementById(id)).content;

/** As people read a share. @param {number | null} share */
export const percent = (share) => (share === null ? "–" : `${Math.ceil(share * 100 - 0.5)}\u00a0%`);
