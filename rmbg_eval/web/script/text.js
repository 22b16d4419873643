// The page's words: the one look-up, and elements that say them in the language that is chosen.

import { h } from "./dom.js";

/** @typedef {Record<string, unknown>} Values of the placeholders in a text */
/** @typedef {Record<string, Record<string, string>>} Strings by language, then by the English text */

/** Marks a text for the catalogues. @param {string} text */
export const _ = (text) => text;

export class Texts {
  /** @type {WeakMap<Element, Record<string, [string, Values]>>} element → attribute → what it says */
  #said = new WeakMap(); // or none that has left the page, a canvas least, would ever be let go of

  /** @param {Strings} strings @param {string | null} [lang] by default the browser's */
  constructor(strings, lang) {
    this.strings = strings;
    const wanted = lang || navigator.language;
    this.lang = Object.keys(strings).find((each) => wanted.startsWith(each)) ?? "en";
  }

  /** The language as HTML names it. */
  get tag() {
    return this.strings[this.lang]?.[""] ?? this.lang;
  }

  /** The language after this one. */
  get next() {
    const all = ["en", ...Object.keys(this.strings)];
    return all[(all.indexOf(this.lang) + 1) % all.length];
  }

  /** What that is called in itself. */
  get nextName() {
    const name = _("English");
    return this.strings[this.next]?.[name] ?? name;
  }

  /** @param {string} text English @param {Values} [values] */
  t(text, values = {}) {
    const own = this.strings[this.lang]?.[text] ?? text;
    return own.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
  }

  /**
   * Let `node` say `text`, in this language and in the next one.
   * @template {Element} N
   * @param {N} node
   * @param {string} text English; nothing is said where it is empty
   * @param {Values} [values]
   * @param {string} [attribute] by default the text itself
   */
  say(node, text, values = {}, attribute = "") {
    const said = {
      ...this.#said.get(node),
      [attribute]: /** @type {[string, Values]} */ ([text, values]),
    };
    this.#said.set(node, said);
    this.#write(node, said);
    return node;
  }

  /** @param {Element} node @param {Record<string, [string, Values]>} said */
  #write(node, said) {
    for (const [attribute, [text, values]] of Object.entries(said)) {
      const words = text ? this.t(text, values) : "";
      if (attribute) node.setAttribute(attribute, words);
      else if (node.textContent !== words) node.textContent = words;
    }
  }

  /**
   * @template {keyof HTMLElementTagNameMap} K
   * @param {K} tag
   * @param {string} text
   * @param {Record<string, any>} [attributes]
   */
  label(tag, text, attributes = {}) {
    return this.say(h(tag, attributes), text);
  }

  /** @param {Element} root what is in it speaks the language that is chosen now */
  translate(root) {
    for (const node of root.querySelectorAll("*")) this.#write(node, this.#said.get(node) ?? {});
  }

  /**
   * Title and remedy of what the kernel refused.
   * @param {import("./wire.js").Answer} answer
   * @returns {[string, string]}
   */
  explain({ kind, problem, remedy, size = 0, most = 0 }) {
    if (kind === "lost")
      return [
        this.t(_("The connection to the server was lost.")),
        this.t(
          _("Sessions end when they are not used for a while. Reload the page and choose again."),
        ),
      ];
    if (kind === "unreadable")
      return [
        this.t(_("The file can no longer be read.")),
        this.t(_("It was moved or changed after it was chosen. Choose it again.")),
      ];
    if (kind === "TooLarge") {
      const values = { size: bytes(size), most: bytes(most) };
      return [
        this.t(_("The file has {size}; {most} are allowed."), values),
        this.t(_("Save it as JPEG, or make it smaller.")),
      ];
    }
    if (!problem || !remedy)
      return [
        this.t(_("That did not work.")),
        this.t(_("This was not foreseen. Try once more, or another picture.")),
      ];
    return [problem[this.lang], remedy[this.lang]];
  }
}

/** @param {number} count */
export function bytes(count) {
  if (count < 1e6) return `${Math.max(1, Math.round(count / 1e3))} KB`;
  return `${(count / 1e6).toFixed(1)} MB`;
}
