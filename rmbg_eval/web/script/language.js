// The language that is shown, of those that the page is written in.

const root = document.documentElement;

export const language = {
  get now() {
    return root.dataset.lang;
  },
  /** The words of an element, less those of the other language. @param {Element | null} element */
  in(element) {
    const words = /** @type {Element | undefined} */ (element?.cloneNode(true));
    for (const other of words?.querySelectorAll(`[lang]:not([lang="${language.now}"])`) ?? []) {
      other.remove();
    }
    return words?.textContent?.trim().replace(/\s+/g, " ") ?? "";
  },
  /** What only one language can be in at a time. @param {string} lang */
  show(lang) {
    root.dataset.lang = root.lang = lang;
    for (const image of /** @type {NodeListOf<HTMLImageElement>} */ (
      document.querySelectorAll("img[lang]")
    )) {
      const other = image.getAttribute(`data-alt-${lang}`);
      if (other === null) continue;
      image.removeAttribute(`data-alt-${lang}`);
      image.setAttribute(`data-alt-${image.lang}`, image.alt);
      [image.alt, image.lang] = [other, lang];
    }
  },
};
