// What the address says: the fragment is `#anchor`, or `#key=value&…` as the page writes it itself.
"use strict";

const address = {
  read() {
    const text = location.hash.slice(1);
    return text.includes("=") ? Object.fromEntries(new URLSearchParams(text)) : { case: text };
  },
  /** Put these keys into the address; empty ones leave it. Nothing is added to the history. */
  write(changes) {
    const all = { ...address.read(), ...changes };
    const kept = Object.entries(all).filter(([, value]) => value);
    const only = kept.length === 1 && kept[0][0] === "case" ? kept[0][1] : null;
    const text = only ?? new URLSearchParams(kept).toString();
    history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
  },
};

/** What a reader chose before, where the browser keeps such things. */
const remembered = {
  get(key) {
    try { return localStorage.getItem(`rmbg_eval.${key}`); } catch { return null; }
  },
  set(key, value) {
    try { localStorage.setItem(`rmbg_eval.${key}`, value); } catch { /* not kept, then */ }
  },
};
