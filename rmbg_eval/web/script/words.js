// Texts with values: the templates hold them in every language, with their places for values left
// open, and the page shows one.

import { h } from "./dom.js";

/** @typedef {Record<string, string>} Text in every language */

/**
 * An element with `data-say="name"` as it stands in the page, its places filled, with a list or a
 * text as the language has it. A text is never read as HTML.
 * @param {Element | DocumentFragment} where what has the texts
 * @param {string} name
 * @param {Record<string, string | number | string[] | Text>} [values]
 * @returns {Node[]}
 */
export function say(where, name, values = {}) {
  const text = where.querySelector(`[data-say="${name}"]`);
  const copy = /** @type {Element | undefined} */ (text?.cloneNode(true));
  if (!copy) return [];
  const walker = document.createTreeWalker(copy, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const lang = node.parentElement?.lang || undefined;
    const parted = lang && !node.previousSibling; // by a blank from the language before
    const own = parted ? node.textContent?.trimStart() : node.textContent;
    node.textContent = (own ?? "").replace(/\{(\w+)\}/g, (whole, key) => {
      const value = values[key];
      if (Array.isArray(value)) return listed(value, lang);
      if (typeof value === "object") return value[lang ?? ""] ?? whole;
      return key in values ? String(value) : whole;
    });
  }
  return [...copy.childNodes];
}

/** Names as a sentence has them; Chinese has no blanks round its "and", which Latin names need.
 * @param {string[]} names @param {string | undefined} lang */
const listed = (names, lang) =>
  new Intl.ListFormat(lang)
    .formatToParts(names)
    .map(({ type, value }) =>
      type === "literal" && /^\p{L}+$/u.test(value) ? ` ${value} ` : value,
    )
    .join("");

/** A text in every language, of which the page shows one. @param {Text} text @returns {Node[]} */
export const everywhere = (text) =>
  Object.entries(text).map(([lang, words]) => h("span", { lang }, words));

/** The texts that a template of the page holds. @param {string} id */
export const wordsOf = (id) =>
  /** @type {HTMLTemplateElement} */ (document.getElementById(id)).content;

/** In whole per cent. @param {number} share */
export const hundredths = (share) => Math.ceil(share * 100 - 0.5);

/** As people read a share. @param {DocumentFragment} words @param {number} share @returns {Text} */
export function percent(words, share) {
  const text = say(words, "percent", { share: hundredths(share) });
  return Object.fromEntries(
    text
      .filter((each) => each instanceof HTMLElement)
      .map((each) => [each.lang, each.textContent ?? ""]),
  );
}
