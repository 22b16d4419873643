// The page's words: the one look-up, and elements that say them in the language that is chosen.

import { h } from "./dom.js";

/** @typedef {Record<string, unknown>} Values of the placeholders in a text */
/** @typedef {Record<string, { en: string, zh: string }>} Strings by key */

export class Texts {
  /** @type {Map<Element, Record<string, [string, Values]>>} element → attribute → what it says */
  #said = new Map();

  /** @param {Strings} strings @param {string | null} [lang] by default the browser's */
  constructor(strings, lang) {
    this.strings = strings;
    const known = lang || navigator.language;
    this.lang = /** @type {"en" | "zh"} */ (known.startsWith("zh") ? "zh" : "en");
  }

  /** @param {string} key @param {Values} [values] */
  t(key, values = {}) {
    const text = this.strings[key]?.[this.lang] ?? key;
    return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
  }

  /**
   * Let `node` say `key`, in this language and in the next one.
   * @template {Element} N
   * @param {N} node
   * @param {string} key nothing is said where it is empty
   * @param {Values} [values]
   * @param {string} [attribute] by default the text itself
   */
  say(node, key, values = {}, attribute = "") {
    const said = {
      ...this.#said.get(node),
      [attribute]: /** @type {[string, Values]} */ ([key, values]),
    };
    this.#said.set(node, said);
    this.#write(node, said);
    return node;
  }

  /** @param {Element} node @param {Record<string, [string, Values]>} said */
  #write(node, said) {
    for (const [attribute, [key, values]] of Object.entries(said)) {
      const text = key ? this.t(key, values) : "";
      if (attribute) node.setAttribute(attribute, text);
      else if (node.textContent !== text) node.textContent = text;
    }
  }

  /**
   * @template {keyof HTMLElementTagNameMap} K
   * @param {K} tag
   * @param {string} key
   * @param {Record<string, any>} [attributes]
   */
  label(tag, key, attributes = {}) {
    return this.say(h(tag, attributes), key);
  }

  translate() {
    for (const [node, said] of this.#said) {
      if (node.isConnected) this.#write(node, said);
      else this.#said.delete(node);
    }
  }

  /**
   * Title and remedy of what the kernel refused.
   * @param {import("./wire.js").Answer} answer
   * @returns {[string, string]}
   */
  explain({ kind, problem, remedy, size = 0, most = 0 }) {
    if (kind === "lost") return [this.t("lost"), this.t("lost_remedy")];
    if (kind === "TooLarge") {
      const values = { size: bytes(size), most: bytes(most) };
      return [this.t("too_large", values), this.t("too_large_remedy")];
    }
    if (!problem || !remedy) return [this.t("unforeseen"), this.t("unforeseen_remedy")];
    return [problem[this.lang], remedy[this.lang]];
  }
}

/** @param {number} count */
export function bytes(count) {
  if (count < 1e6) return `${Math.max(1, Math.round(count / 1e3))} KB`;
  return `${(count / 1e6).toFixed(1)} MB`;
}
