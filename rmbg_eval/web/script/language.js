// The language that is shown, of the two that the page is written in.

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
      document.querySelectorAll("img[data-alt]")
    )) {
      const other = image.dataset.alt ?? "";
      if (image.lang !== lang)
        [image.dataset.alt, image.alt, image.lang] = [image.alt, other, lang];
    }
  },
};
