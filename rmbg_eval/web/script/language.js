// The language that is shown, of those that the page is written in.

const root = document.documentElement;
const ATTRIBUTES = ["alt", "title", "aria-label", "label"];

export const language = {
  get now() {
    return root.dataset.lang;
  },
  /** The words of an element, less those of the other language. @param {Element | null} element */
  in(element) {
    const words = /** @type {Element | undefined} */ (element?.cloneNode(true));
    for (const other of words?.querySelectorAll(`span[lang]:not([lang="${language.now}"])`) ?? []) {
      other.remove();
    }
    return words?.textContent?.trim().replace(/\s+/g, " ") ?? "";
  },
  /** Of an element with words in `data-NAME-LANG`, as an option has, those of the language.
   * @param {HTMLElement} element @param {string} name */
  of(element, name) {
    element.dataset.own ??= element.textContent ?? "";
    return element.getAttribute(`data-${name}-${language.now}`) ?? element.dataset.own;
  },
  /** What only one language can be in at a time. @param {string} lang */
  show(lang) {
    root.dataset.lang = root.lang = lang;
    const title = document.querySelector("title");
    if (title) title.textContent = language.of(title, "text");
    language.within(document);
  },
  /** What has come into the page since. @param {ParentNode} parent */
  within(parent) {
    const lang = language.now;
    for (const name of ATTRIBUTES) {
      for (const element of parent.querySelectorAll(`[data-${name}-${lang}]`)) {
        const own = element.getAttribute("lang");
        if (own) element.setAttribute(`data-${name}-${own}`, element.getAttribute(name) ?? "");
        element.setAttribute(name, element.getAttribute(`data-${name}-${lang}`) ?? "");
        element.removeAttribute(`data-${name}-${lang}`);
        element.setAttribute("lang", lang ?? "");
      }
    }
  },
};
