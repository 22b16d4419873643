// What is remembered of what a reader chose: in the address, and where the browser keeps such things.

/** The fragment is `#anchor`, or `#key=value&…` as the page writes it itself. */
export const address = {
  /** @returns {Record<string, string>} */
  read() {
    const text = location.hash.slice(1);
    return text.includes("=") ? Object.fromEntries(new URLSearchParams(text)) : { case: text };
  },
  /**
   * Put these keys into the address; empty ones leave it. Nothing is added to the history.
   * @param {Record<string, string>} changes
   */
  write(changes) {
    const kept = Object.entries({ ...address.read(), ...changes }).filter(([, value]) => value);
    const only = kept.length === 1 && kept[0][0] === "case" ? kept[0][1] : null;
    const text = only ?? new URLSearchParams(kept).toString();
    history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
  },
};

export const remembered = {
  /** @param {string} key */
  get(key) {
    try {
      return localStorage.getItem(`rmbg_eval.${key}`);
    } catch {
      return null;
    }
  },
  /** @param {string} key @param {string} value */
  set(key, value) {
    try {
      localStorage.setItem(`rmbg_eval.${key}`, value);
    } catch {} // not kept, then
  },
};
