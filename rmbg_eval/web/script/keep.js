// What the browser keeps of decisions: an entry each, so that none is ever written over, and on the
// disk before it is said to be kept: a browser that is killed has it. In IndexedDB; where there is
// none, in localStorage, which browsers write to the disk some time later.

const STORE = "decisions";
const PATIENCE = 3000; // milliseconds that a browser has to open its database

/** @typedef {{ text: string, saved: boolean }} Entry saved: whether it lies in a file, too */

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const answer = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** @param {string} name @returns {Promise<IDBDatabase>} */
function database(name) {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  const late = new Promise((_, reject) => setTimeout(reject, PATIENCE));
  return Promise.race([answer(request), late]);
}

export class Keep {
  /** @type {IDBDatabase | null} */
  #base = null;
  /** @type {BroadcastChannel | null} */
  #others = null;

  /** @param {string} prefix of what belongs to one run, ending in a dot */
  constructor(prefix) {
    this.prefix = prefix;
    try {
      this.#others = new BroadcastChannel(prefix);
    } catch {} // nobody is told, then
  }

  /**
   * Open it.
   * @param {(key: string, entry: Entry) => void} take is told of all there is, and later of what
   *   another window of the page decides or saves
   */
  async open(take) {
    if (this.#others) {
      this.#others.onmessage = ({ data }) => {
        for (const [key, entry] of data) take(key, entry);
      };
    }
    const before = this.#stored();
    try {
      const base = await database(this.prefix.replace(/\.$/, ""));
      await this.#write(base, before, false);
      this.#base = base;
      base.onclose = () => {
        this.#base = null;
      };
      for (const [key] of before) localStorage.removeItem(this.prefix + key);
      const store = base.transaction(STORE).objectStore(STORE);
      const [keys, entries] = await Promise.all([
        answer(store.getAllKeys()),
        answer(store.getAll()),
      ]);
      for (const [number, key] of keys.entries()) take(String(key), entries[number]);
    } catch {
      for (const [key, entry] of before) take(key, entry);
    }
  }

  /** What lies in localStorage. @returns {[string, Entry][]} */
  #stored() {
    try {
      const saved = Number(localStorage.getItem(`${this.prefix}saved`) ?? 0);
      return Object.keys(localStorage).flatMap((whole) => {
        const key = whole.slice(this.prefix.length);
        if (!whole.startsWith(this.prefix) || !/^(\d+|draft)-/.test(key)) return [];
        const text = localStorage.getItem(whole) ?? "";
        return [[key, { text, saved: Number.parseInt(key, 10) <= saved }]];
      });
    } catch {
      return []; // a browser that keeps nothing
    }
  }

  /**
   * @param {IDBDatabase} base
   * @param {[string, Entry][]} entries
   * @param {boolean} over whether those that are there are replaced
   * @returns {Promise<void>} once they lie on the disk
   */
  #write(base, entries, over) {
    if (!entries.length) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const change = base.transaction(STORE, "readwrite", { durability: "strict" });
      change.oncomplete = () => resolve();
      change.onabort = () => reject(change.error);
      const store = change.objectStore(STORE);
      for (const [key, entry] of entries) {
        if (over) store.put(entry, key);
        else {
          store.add(entry, key).onerror = (event) => {
            event.preventDefault(); // it is there
            event.stopPropagation();
          };
        }
      }
      change.commit?.(); // at once: the page may be left the next moment
    });
  }

  /**
   * Keep these, under keys that begin with the time of the decision, or 0; or with "draft", those
   * that are none yet.
   * @param {[string, Entry][]} entries
   * @returns {Promise<boolean>} whether they are kept
   */
  async put(entries) {
    this.#others?.postMessage(entries);
    try {
      if (this.#base) {
        await this.#write(this.#base, entries, true);
        return true;
      }
    } catch {} // no room, or what the page has was cleared away
    try {
      for (const [key, { text }] of entries) localStorage.setItem(this.prefix + key, text);
      const saved = entries.filter(([, entry]) => entry.saved).map(([key]) => key);
      const last = Math.max(...saved.map((key) => Number.parseInt(key, 10)));
      if (last > 0) localStorage.setItem(`${this.prefix}saved`, String(last));
      return true;
    } catch {
      return false;
    }
  }
}
