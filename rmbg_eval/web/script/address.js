// What is remembered of what a reader chose: in the address, and where the browser keeps such things.

const PATIENCE = 1000; // milliseconds that going back may take
const CALM = 300; // milliseconds without another change, after which one that may wait is written

/**
 * What is still to be written: what may wait, and what the browser refused, as some do after a hundred
 * changes in ten seconds.
 * @type {Record<string, string>}
 */
let pending = {};
let timer = 0;
addEventListener("popstate", () => {
  pending = {}; // of the entry that was left
});

/**
 * What is to be in the address once the browser has gone back, and whether in an entry of its own:
 * whoever closes one thing and opens another at once is faster than the browser.
 * @type {{ keys: Record<string, string>, entered: boolean } | null}
 */
let after = null;

/** The fragment is `#anchor`, or `#key=value&…` as the page writes it itself. */
export const address = {
  /** Whether the page was opened by a link, not loaded again or come back to. */
  followed: !history.state,
  /** @returns {Record<string, string>} */
  read() {
    const text = location.hash.slice(1);
    const keys = new URLSearchParams(text.includes("=") ? text : `case=${text}`);
    return { ...Object.fromEntries(keys), ...pending, ...after?.keys };
  },
  /**
   * Put these keys into the address; empty ones leave it. Nothing is added to the history. An entry
   * that was written has a state, so that one tells it from a link that was just followed.
   * @param {Record<string, string>} changes
   */
  write(changes) {
    if (after) Object.assign(after.keys, changes);
    else put("replaceState", history.state ?? {}, changes);
  },
  /** The same once nothing has changed for a moment, or with what is written next: for what a hand
   * that moves changes many times a second. @param {Record<string, string>} changes */
  writeSoon(changes) {
    if (after) return address.write(changes);
    Object.assign(pending, changes);
    clearTimeout(timer);
    timer = setTimeout(() => address.write({}), CALM);
  },
  /** The same in an entry of its own, which `leave` goes back from. @param {Record<string, string>} changes */
  enter(changes) {
    if (after) {
      after.entered = true;
      Object.assign(after.keys, changes);
      return;
    }
    history.scrollRestoration = "manual"; // whoever leaves scrolls; the browser would do so later
    put("pushState", { entered: true }, changes);
  },
  /** Go back where this entry was entered, if it was, and put these keys into the address. @param {Record<string, string>} changes */
  async leave(changes) {
    if (after) {
      after.entered = false;
      Object.assign(after.keys, changes);
      return;
    }
    let entered = false;
    let keys = changes;
    if (history.state?.entered) {
      after = { keys: { ...changes }, entered };
      const there = new Promise((done) => addEventListener("popstate", done, { once: true }));
      history.back();
      await Promise.race([there, new Promise((late) => setTimeout(late, PATIENCE))]);
      await new Promise(requestAnimationFrame); // only after that event does the browser scroll
      ({ keys, entered } = after);
      after = null;
    }
    history.scrollRestoration = "auto";
    if (!entered) return address.write(keys);
    address.write(changes);
    address.enter(keys);
  },
};

/** A link that is not kept up to date is better than a page that stops.
 * @param {"replaceState" | "pushState"} how @param {object} state @param {Record<string, string>} changes */
function put(how, state, changes) {
  clearTimeout(timer);
  try {
    history[how](state, "", changed(changes));
    pending = {};
  } catch {
    Object.assign(pending, changes);
  }
}

/** The address with these keys. @param {Record<string, string>} changes */
function changed(changes) {
  const kept = Object.entries({ ...address.read(), ...changes }).filter(([, value]) => value);
  const only = kept.length === 1 && kept[0][0] === "case" ? kept[0][1] : null;
  const text = only ?? new URLSearchParams(kept).toString();
  return text ? `#${text}` : location.pathname + location.search;
}

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
