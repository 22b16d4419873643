// What people decide on this page: kept by the browser one by one as they are made, and saved as the
// file that `rmbg-eval decide` reads. The form of a decision is rmbg_eval.decisions.record's.

import { remembered } from "./address.js";
import { download } from "./dom.js";
import { Keep } from "./keep.js";
import { ask, offers, Refusal } from "./offers.js";
import { say } from "./words.js";

/**
 * @typedef {object} About what can be decided, as the page has it
 * @property {string} content of all cut-outs there are, by which a browser tells runs apart
 * @property {string} page the version
 * @property {string[]} models
 * @property {[string, string, string, string, (string | null)[]][]} cases anchor, category, id, shoot,
 *   and the SHA-256 of each model's cut-out
 * @property {number[][]} plan cut-outs by risk, each in an order by chance; a cut-out is
 *   the number of its case × models + the number of its model
 * @property {(number | null)[]} risks of each cut-out, or of none
 * @property {number[]} [need] the cut-outs that need a look
 * @property {Record<string, [number, ...number[]][]>} signs why a cut-out has its risk, the heaviest
 *   first: the number of a text, and the place where it has one: left, top, width, height
 * @property {Record<string, string>[]} texts in every language
 * @property {Decision[]} decisions that the run has already
 */
/** @typedef {{ model: string, cutout_sha256: string }} Side */
/** @typedef {{ comment: string, place: [number, number] | null }} Draft */
/**
 * @typedef {object} Decision
 * @property {string} kind
 * @property {string} category
 * @property {string} case
 * @property {string} [person]
 * @property {string} [session]
 * @property {string} time
 * @property {string} [page]
 * @property {boolean} [undone]
 * @property {string} [model]
 * @property {string} [cutout_sha256]
 * @property {string} [answer]
 * @property {string} [comment]
 * @property {[number, number] | null} [place]
 * @property {Side} [left]
 * @property {Side} [right]
 * @property {string} [choice]
 * @property {number | null} [seed]
 * @property {string | null} [base_sha256]
 * @property {string | null} [new_sha256]
 */

const ANONYMOUS = "anonymous";
const NAME = 4096;
const LONGEST = {
  comment: 2000,
  person: 80,
  session: 64,
  page: 40,
  category: NAME,
  case: NAME,
  model: NAME,
};
const FARTHEST = 1_000_000; // pixels of a picture, to the right or down
const MOST_BYTES = 64 << 20; // of a file
const MOST_SENT = 1 << 18; // characters at once, of which the server takes four times as many bytes
const AGAIN = 5000; // milliseconds until it is tried again, where there was no answer
const DAY = 86_400_000; // milliseconds
const ANSWERS = ["usable", "mend", "unusable", "unsure"];
const CHOICES = ["left", "right", "equal"];
const FIELDS = {
  review: ["model", "cutout_sha256", "answer", "comment", "place"],
  vote: ["left", "right", "choice", "seed"],
  approval: ["model", "base_sha256", "new_sha256"],
};
const EVERY = ["category", "case", "person", "session", "time", "page", "undone", "kind"];

/** As many characters of a text as a file may have. @param {string} text @param {number} most */
export const bounded = (text, most) => [...text.toWellFormed()].slice(0, most).join("");

/** One spelling of a name. @param {string} name */
const spelled = (name) =>
  bounded(name.normalize("NFC").split(/\s+/).filter(Boolean).join(" "), LONGEST.person).trim();

/** @type {About | null | undefined} */
let ofPage;
/** What decisions on this page are about; null where it has none. @returns {About | null} */
export function aboutPage() {
  ofPage ??= JSON.parse(document.getElementById("about-decisions")?.dataset.about ?? "null");
  return ofPage ?? null;
}

/** Whose a decision is. @param {Decision} decision */
const who = ({ person = ANONYMOUS, session = "" }) =>
  person === ANONYMOUS ? `${person}\0${session}` : person;

/** What it is about: of two of a person about the same, the later holds. @param {Decision} decision */
function subject(decision) {
  const { kind, category, case: id, model, left, right } = decision;
  const of =
    kind === "vote"
      ? [left, right].map((side) => `${side?.model}\0${side?.cutout_sha256}`).sort()
      : [model, decision.cutout_sha256 ?? `${decision.base_sha256}\0${decision.new_sha256}`];
  return [kind, category, id, ...of].join("\0");
}

/** What those have in common of which the last holds. @param {Decision} decision */
const sameOf = (decision) => `${who(decision)}\0${subject(decision)}`;

/** By time, of two at the same moment by what they say, as in Python. @param {Decision} a @param {Decision} b */
const order = (a, b) =>
  Date.parse(a.time) - Date.parse(b.time) || (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

/** What a decision is kept by. @param {number} time or 0, of one that a file had */
const keyOf = (time) => `${time}-${Math.random().toString(36).slice(2, 10)}`;

export class Decisions {
  /** @type {Map<string, Decision>} each once, by what it says */
  #all = new Map();
  /** @type {Map<string, Decision>} what holds, by whom and about what; undone ones, too */
  #last = new Map();
  /** @type {Map<string, Map<string, Decision>>} the same by what it is about, then by whom */
  #by = new Map();
  /** @type {(() => void)[]} */
  #listeners = [];
  /** @type {Keep} */
  #keep;
  #latest = 0;
  #reviews = 0; // of cut-outs, undone ones, too
  #told = 0; // how many of them the report has
  /** @type {Map<string, Decision>} what is in no file yet, by the key that it is kept by */
  #fresh = new Map();
  #keeping = 0; // how often the browser is writing just now
  #open = false; // whether all that was kept has been read
  full = false; // whether the browser keeps nothing more
  #sending = false;
  /** @type {Refusal | null} */
  refusal = null; // why the server does not take them
  failing = false; // whether it answers, but cannot save them now
  /** @type {Map<number, Draft>} what is written of cut-outs that nothing is decided of yet */
  drafts = new Map();

  /** With all that the browser keeps. @param {About} about */
  static async of(about) {
    const decisions = new Decisions(about);
    await decisions.#keep.open((key, entry) => decisions.#adopt(key, entry));
    decisions.#open = true;
    decisions.#send();
    addEventListener("beforeunload", (event) => {
      if (decisions.full && (decisions.unsaved || decisions.waiting)) event.preventDefault();
    });
    return decisions;
  }

  /** @param {About} about */
  constructor(about) {
    this.about = about;
    this.names = new Map(about.cases.map(([, category, id], n) => [`${category}\0${id}`, n]));
    this.prefix = `rmbg_eval.decided.${about.content}.`;
    this.session = remembered.get("session") ?? "";
    if (!/^[0-9A-Za-z-]{1,64}$/.test(this.session)) {
      this.session = [...crypto.getRandomValues(new Uint8Array(12))]
        .map((byte) => byte.toString(16).padStart(2, "0"))
        .join("");
      remembered.set("session", this.session);
    }
    for (const decision of about.decisions) this.#take(decision);
    this.#told = this.#reviews;
    this.#keep = new Keep(this.prefix);
  }

  get person() {
    return spelled(remembered.get("person") ?? "") || ANONYMOUS;
  }
  set person(name) {
    remembered.set("person", spelled(name));
    this.#changed();
  }

  /** Of how many things something was decided here, or taken back, that is in no file yet. */
  get unsaved() {
    return new Set([...this.#fresh.values()].map(sameOf)).size;
  }
  /** How many comments are in no file, saved or not, until their cut-out is decided on. */
  get waiting() {
    return [...this.drafts].filter(
      ([cutout, { comment, place }]) => (comment.trim() || place) && !this.mine(this.like(cutout)),
    ).length;
  }
  /** How many hold. */
  get count() {
    return [...this.#by.values()].reduce((sum, each) => sum + each.size, 0);
  }
  /** Whether there are other reviews than the report has. */
  get newer() {
    return this.#reviews > this.#told;
  }
  /** How many of the cut-outs that need a look somebody has decided on. */
  get looked() {
    return (this.about.need ?? []).filter((cutout) => this.of(this.like(cutout)).length).length;
  }

  /** @param {() => void} listener called when there is more, or another person */
  on(listener) {
    this.#listeners.push(listener);
  }
  #changed() {
    for (const listener of this.#listeners) listener();
  }

  // ---- what the browser keeps

  /** What was kept, or is by another window. @param {string} key @param {import("./keep.js").Entry} entry */
  #adopt(key, { text, saved }) {
    if (key.startsWith("draft-")) return this.#sketch(Number(key.slice(6)), text);
    const decision = this.#read(text);
    if (decision && !saved) this.#fresh.set(key, decision);
    else if (saved) this.#fresh.delete(key);
    if (this.#open) this.#changed();
  }

  /** @param {number} cutout @param {string} text of its draft, or nothing */
  #sketch(cutout, text) {
    this.drafts.delete(cutout);
    try {
      const { comment, place } = JSON.parse(text);
      if (typeof comment === "string") this.drafts.set(cutout, { comment, place });
    } catch {} // none
    if (this.#open) this.#changed();
  }

  /** Keep what is written of a cut-out until it is decided on. @param {number} cutout @param {Draft | null} draft */
  draft(cutout, draft) {
    if (draft) this.drafts.set(cutout, draft);
    else this.drafts.delete(cutout);
    const text = draft ? JSON.stringify(draft) : "";
    this.#put([[`draft-${cutout}`, { text, saved: false }]]);
    this.#changed();
  }

  /** The decision that a text is, if it is new. @param {string} text @returns {Decision | null} */
  #read(text) {
    try {
      const decision = JSON.parse(text);
      return !this.wrong(decision) && this.#take(decision) ? decision : null;
    } catch {
      return null;
    }
  }

  /** Whether it is new. @param {Decision} given */
  #take(given) {
    const decision = whole(given);
    const text = JSON.stringify(decision);
    if (this.#all.has(text)) return false;
    this.#all.set(text, decision);
    this.#reviews += Number(decision.kind === "review");
    const time = Date.parse(decision.time);
    // A stranger's of the far future must not take those of today there.
    if (time < Date.now() + DAY) this.#latest = Math.max(this.#latest, time);
    const [person, thing, key] = [who(decision), subject(decision), sameOf(decision)];
    const before = this.#last.get(key);
    if (before && order(before, decision) > 0) return true;
    this.#last.set(key, decision);
    const of = this.#by.get(thing) ?? new Map();
    this.#by.set(thing, of);
    if (decision.undone) of.delete(person);
    else of.set(person, decision);
    return true;
  }

  /**
   * @param {Partial<Decision>} says kind, case and what is decided
   * @returns {Decision}
   */
  add(says) {
    // Never at the moment of another, nor before it, whatever the clock says.
    const time = Math.max(Date.now(), this.#latest + 1);
    const person = this.person;
    const decision = /** @type {Decision} */ ({
      ...says,
      person,
      session: person === ANONYMOUS ? this.session : "",
      time: new Date(time).toISOString(),
      page: bounded(this.about.page, LONGEST.page),
    });
    this.#take(decision);
    const key = keyOf(time);
    this.#fresh.set(key, decision);
    this.#put([[key, { text: JSON.stringify(decision), saved: false }]]);
    this.#changed();
    this.#send();
    return decision;
  }

  /** Whether they are saved by the server that the page comes from. */
  get served() {
    return offers.has("decisions");
  }

  /** Have the server save what is in no file yet, as one goes. */
  async #send() {
    if (!this.served || this.#sending || this.refusal) return;
    this.#sending = true;
    try {
      while (this.#fresh.size) {
        /** @type {[string, string][]} */
        const some = [];
        let length = 0;
        for (const [key, decision] of this.#fresh) {
          const text = JSON.stringify(decision);
          length += text.length;
          if (some.length && length > MOST_SENT) break;
          some.push([key, text]);
        }
        const rows = some.map(([, text]) => text).join(",");
        await ask("decisions", `{"schema_version": 1, "decisions": [${rows}]}`);
        this.failing = false;
        this.#mark(some);
      }
    } catch (error) {
      this.failing = !(error instanceof TypeError); // which says that there is no answer
      if (error instanceof Refusal) this.refusal = error;
      else setTimeout(() => this.#send(), AGAIN);
      this.#changed();
    }
    this.#sending = false;
  }

  /** Those lie in a file now. @param {[string, string][]} entries */
  #mark(entries) {
    for (const [key] of entries) this.#fresh.delete(key);
    this.#put(entries.map(([key, text]) => [key, { text, saved: true }]));
    this.#changed();
  }

  /** Keep these; while they are not on the disk yet, the page has it. @param {[string, import("./keep.js").Entry][]} entries */
  async #put(entries) {
    this.#keeping++;
    this.#tellKeeping();
    const full = !(await this.#keep.put(entries));
    this.#keeping--;
    this.#tellKeeping();
    if (full === this.full) return;
    this.full = full;
    this.#changed();
  }
  #tellKeeping() {
    for (const output of document.querySelectorAll('[data-part="unsaved"]')) {
      output.toggleAttribute("data-keeping", this.#keeping > 0);
    }
  }

  // ---- what holds

  /** What a review of a cut-out begins with. @param {number} number */
  like(number) {
    const { cases, models } = this.about;
    const [, category, id, , shas] = cases[Math.floor(number / models.length)];
    const model = number % models.length;
    const sha = shas[model] ?? "";
    return { kind: "review", category, case: id, model: models[model], cutout_sha256: sha };
  }

  /** The same person's of the same, if it holds. @param {Partial<Decision>} like */
  mine(like) {
    const decision = /** @type {Decision} */ ({
      ...like,
      person: this.person,
      session: this.session,
    });
    return this.#by.get(subject(decision))?.get(who(decision)) ?? null;
  }

  /** What more than half say of a cut-out: an answer, "disputed", or nothing. As in Python: first
   * whether it is refused, then how. @param {Partial<Decision>} like */
  settled(like) {
    const all = this.of(like);
    if (!all.length) return "";
    const [usable, mend, unusable, unsure] = ANSWERS.map(
      (answer) => all.filter((each) => each.answer === answer).length,
    );
    if (2 * (mend + unusable) > all.length) return mend >= unusable ? "mend" : "unusable";
    if (2 * usable > all.length) return "usable";
    return 2 * unsure > all.length ? "unsure" : "disputed";
  }

  /** Everybody's of the same. @param {Partial<Decision>} like @returns {Decision[]} */
  of(like) {
    return [...(this.#by.get(subject(/** @type {Decision} */ (like)))?.values() ?? [])];
  }

  /** All that hold, of a kind. @param {string} kind @returns {Decision[]} */
  holding(kind) {
    return [...this.#by.values()]
      .flatMap((each) => [...each.values()])
      .filter((decision) => decision.kind === kind);
  }

  /** What tells a case's shoot from others: alone, it is one by itself. @param {number} number */
  shootOf(number) {
    const [, category, id, group] = this.about.cases[number];
    return group || `${category}\0${id}`;
  }

  /** How many are in no file yet, wherever that is said. @param {Element} where
   * @param {DocumentFragment} words */
  tellUnsaved(where, words) {
    for (const output of where.querySelectorAll('[data-part="unsaved"]')) {
      const all = this.served && this.#all.size && !this.unsaved ? say(words, "all-saved") : [];
      output.replaceChildren(...(this.unsaved ? say(words, "unsaved", { n: this.unsaved }) : all));
    }
  }

  // ---- files

  /** Every decision there is, as the text of a file. */
  text() {
    const all = [...this.#all].sort(([, a], [, b]) => order(a, b));
    const rows = all.map(([text]) => text);
    return `{"schema_version": 1, "decisions": [\n${rows.join(",\n")}\n]}\n`;
  }

  /** Download it. @param {string} name of the file */
  save(name) {
    download(new Blob([this.text()], { type: "application/json" }), name);
    this.saved();
  }

  /** All that there is now lies in a file. */
  saved() {
    this.#mark([...this.#fresh].map(([key, decision]) => [key, JSON.stringify(decision)]));
  }

  /**
   * Take what a file has that is about this run's own cut-outs.
   * @param {Blob} file
   * @returns {Promise<{ taken: number, again: number, refused: number } | null>} null: no such file
   */
  async open(file) {
    if (file.size > MOST_BYTES) return null;
    let content;
    try {
      content = JSON.parse(await file.text());
    } catch {
      return null;
    }
    if (content?.schema_version !== 1 || !Array.isArray(content.decisions)) return null;
    // A thing that a person decided on several times is one.
    const [taken, again] = [new Set(), new Set()];
    let refused = 0;
    /** @type {[string, import("./keep.js").Entry][]} */
    const entries = [];
    for (const entry of content.decisions) {
      if (this.wrong(entry) || Date.parse(entry.time) > Date.now() + 2 * DAY) {
        refused++;
        continue;
      }
      const decision = whole(entry);
      if (this.#take(decision)) {
        taken.add(sameOf(decision));
        entries.push([keyOf(0), { text: JSON.stringify(decision), saved: true }]);
      } else again.add(sameOf(decision));
    }
    if (entries.length) await this.#put(entries);
    this.#changed();
    return { taken: taken.size, again: again.size, refused };
  }

  /** Whether an entry of a file is no decision about this run. @param {any} entry */
  wrong(entry) {
    if (typeof entry !== "object" || entry === null) return true;
    const kind = /** @type {keyof typeof FIELDS} */ (entry.kind);
    if (typeof kind !== "string" || !Object.hasOwn(FIELDS, kind)) return true;
    if (Object.keys(entry).some((name) => ![...EVERY, ...FIELDS[kind]].includes(name))) return true;
    for (const [name, most] of Object.entries(LONGEST)) {
      const text = entry[name] ?? "";
      if (typeof text !== "string" || text.length > 2 * most || text !== bounded(text, most))
        return true;
    }
    if (typeof entry.time !== "string" || !/^\d{4}-.*(Z|[+-]\d\d:?\d\d)$/.test(entry.time))
      return true;
    const year = new Date(entry.time).getUTCFullYear();
    if (!(year >= 2000 && year < 2200) || typeof (entry.undone ?? false) !== "boolean") return true;
    if (entry.person === "" || !/^[0-9A-Za-z-]*$/.test(entry.session ?? "")) return true;
    const number = this.names.get(`${entry.category}\0${entry.case}`);
    if (number === undefined) return true;
    const shas = this.about.cases[number][4];
    const shaOf = (/** @type {unknown} */ model) =>
      typeof model === "string" ? shas[this.about.models.indexOf(model)] : undefined;
    if (kind === "review") {
      const { place, answer, model, cutout_sha256: sha } = entry;
      const whole = (/** @type {unknown} */ n) =>
        Number.isInteger(n) && Number(n) >= 0 && Number(n) <= FARTHEST;
      const placed = place == null || (Array.isArray(place) && place.length === 2);
      return !placed || !(place ?? []).every(whole) || !ANSWERS.includes(answer) || !sha ||
        sha !== shaOf(model); // biome-ignore format: one condition
    }
    if (kind === "vote") {
      const { left, right, choice, seed } = entry;
      const seeded = seed == null || (Number.isSafeInteger(seed) && seed >= 0);
      const sided = [left, right].every(
        (side) =>
          side?.cutout_sha256 &&
          side.cutout_sha256 === shaOf(side.model) &&
          Object.keys(side).length === 2,
      );
      return !seeded || !sided || !CHOICES.includes(choice) || left.model === right.model;
    }
    return (
      !entry.model ||
      [entry.base_sha256, entry.new_sha256].some(
        (sha) => sha !== null && !(typeof sha === "string" && /^[0-9a-f]{64}$/.test(sha)),
      )
    );
  }
}

/** With every field that its kind has, in one order, so that the same is the same text.
 * @param {any} decision @returns {Decision} */
function whole(decision) {
  const kind = /** @type {keyof typeof FIELDS} */ (decision.kind);
  const time = new Date(decision.time).toISOString();
  const person = spelled(decision.person ?? ANONYMOUS) || ANONYMOUS;
  /** @type {any} */
  const defaults = { session: "", page: "", undone: false, comment: "", place: null, seed: null };
  const all = [...EVERY, ...FIELDS[kind]].map((name) => [
    name,
    name === "time" ? time : name === "person" ? person : (decision[name] ?? defaults[name]),
  ]);
  return /** @type {Decision} */ (
    Object.fromEntries(all.map(([name, value]) => [name, value === undefined ? null : value]))
  );
}
