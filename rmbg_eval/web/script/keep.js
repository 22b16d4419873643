// What the browser keeps of decisions: an entry each, so that none is ever written over, and on the
// disk before it is said to be kept: a browser that is killed has it. In IndexedDB; where there is
// none, in localStorage, which browsers write to the disk some time later.

const STORE = "decisions";
const PATIENCE = 3000; // milliseconds in which a browser opens its database, or the page goes on

/** @typedef {{ text: string, saved: boolean }} Entry saved: whether it lies in a file, too */

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const answer = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** @param {string} name @returns {Promise<IDBDatabase>} */
async function database(name) {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return answer(request);
}

export class Keep {
  /** @type {IDBDatabase | null} */
  #base = null;
  /** @type {BroadcastChannel | null} */
  #others = null;
  /** @type {Map<string, Entry>} what is to be kept before the database is open */
  #early = new Map();
  /** @type {Promise<void>} until the database is open, or there is none */
  #opening = Promise.resolve();

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
    this.#opening = database(this.prefix.replace(/\.$/, ""))
      .then((base) => this.#use(base, take))
      .catch(() => {});
    await Promise.race([this.#opening, new Promise((resolve) => setTimeout(resolve, PATIENCE))]);
    if (!this.#base) for (const [key, entry] of this.#stored()) take(key, entry);
  }

  /**
   * Tell what lies in the database, and move there what does not.
   * @param {IDBDatabase} base
   * @param {(key: string, entry: Entry) => void} take
   */
  async #use(base, take) {
    const store = base.transaction(STORE).objectStore(STORE);
    const [keys, values] = await Promise.all([answer(store.getAllKeys()), answer(store.getAll())]);
    /** @type {Map<string, Entry>} */
    const there = new Map(keys.map((key, number) => [String(key), values[number]]));
    const before = this.#stored().filter(([key]) => !this.#early.has(key));
    await this.#write(base, before); // newer than what the database has
    this.#clear(before);
    for (const [key, entry] of before) there.set(key, entry);
    while (this.#early.size) {
      const early = [...this.#early];
      this.#early.clear();
      await this.#write(base, early);
      this.#clear(early);
      for (const [key] of early) there.delete(key); // the page has what is newer
    }
    this.#base = base;
    for (const [key, entry] of there) take(key, entry);
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
   * @param {[string, Entry][]} entries in place of those of the same keys
   * @returns {Promise<void>} once they lie on the disk
   */
  #write(base, entries) {
    if (!entries.length) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const change = base.transaction(STORE, "readwrite", { durability: "strict" });
      change.oncomplete = () => resolve();
      change.onabort = () => reject(change.error);
      const store = change.objectStore(STORE);
      for (const [key, entry] of entries) store.put(entry, key);
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
    if (this.#base) {
      try {
        await this.#write(this.#base, entries);
        this.#clear(entries);
        return true;
      } catch {} // no room, or what the page has was cleared away
      return this.#store(entries);
    }
    for (const [key, entry] of entries) this.#early.set(key, entry);
    const stored = this.#store(entries);
    await this.#opening;
    return stored || this.#base !== null;
  }

  /** What the database has now, localStorage need not keep. @param {[string, Entry][]} entries */
  #clear(entries) {
    try {
      for (const [key] of entries) localStorage.removeItem(this.prefix + key);
    } catch {} // a browser that keeps nothing there
  }

  /** Put them into localStorage. @param {[string, Entry][]} entries @returns {boolean} whether they are */
  #store(entries) {
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
