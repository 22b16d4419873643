// Finding cases: search, filters with the counts that they would leave, and order.

import { address } from "./address.js";
import { allIn, edges, h } from "./dom.js";
import { language } from "./language.js";
import { allRows, nearby } from "./rows.js";
import { settle } from "./sheet.js";
import { say, wordsOf } from "./words.js";

const root = document.documentElement;

const NAMES = ["q", "with", "kind", "category", "order"];

/** @typedef {{ q: string, with: string[], kind: string, category: string, order: string, model: string }} Wanted */
/**
 * @typedef {object} Facts of the rows, by their numbers
 * @property {string[]} words
 * @property {Record<string, number[]>} flags the rows that have it
 * @property {Record<string, number[]>} kinds the rows where a point of it failed
 * @property {Record<string, (number | null)[][]>} values of each measure, model and row
 */
/** @typedef {{ element: HTMLElement, number: number, home: HTMLElement | null, category: string }} Row */

/**
 * Make the form work; on a page without one, nothing.
 * @returns {{ apply: () => void, by: (model: string) => void }} what to call for a new language, and
 *   for a click on a model: its worst cases first
 */
export function finder() {
  const form = /** @type {HTMLFormElement | null} */ (document.getElementById("find"));
  if (!form) return { apply() {}, by() {} };
  const models = allIn(document, ".heads [data-model]").map(({ dataset }) => dataset.model ?? "");
  /** @type {Facts} */
  const facts = JSON.parse(document.getElementById("facts")?.textContent ?? "");
  const flagged = sets(facts.flags);
  const missed = sets(facts.kinds);
  const rows = allRows().map((element) => {
    const home = /** @type {HTMLElement | null} */ (element.closest("section.sheet"));
    const { category = "" } = home?.dataset ?? {};
    return { element, number: Number(element.dataset.row), home, category };
  });
  const numbers = new Map(rows.map(({ element, number }) => [element, number]));
  const homes = new Set(rows.map(({ home }) => home));
  /** @template {HTMLElement} [E=HTMLInputElement] @param {string} selector @returns {E[]} */
  const all = (selector) => allIn(form, selector);
  const [search] = all("[name=q]");
  const [order] = /** @type {HTMLSelectElement[]} */ (all("[name=order]"));
  /** @typedef {HTMLSelectElement | undefined} Choice */
  const [kind] = /** @type {Choice[]} */ (all("[name=kind]"));
  const [group] = /** @type {Choice[]} */ (all("[name=category]"));
  const flags = all("[name=with]");
  const left = /** @type {HTMLOutputElement} */ (document.getElementById("left"));
  const part = document.getElementById("part"); // what paper says of it
  const nothing = /** @type {HTMLElement} */ (document.getElementById("nothing"));
  let model = ""; // by whose values cases are in order, where it is one model's
  let before = " "; // the order that they are in

  /** @returns {Wanted} */
  const read = () => ({
    q: search.value.trim(),
    with: flags.filter((box) => box.checked).map((box) => box.value),
    kind: kind?.value ?? "",
    category: group?.value ?? "",
    order: order.value,
    model,
  });

  /** @param {HTMLInputElement} box @param {number} number of the cases that it would leave */
  function count(box, number) {
    const chip = /** @type {HTMLElement} */ (box.parentElement);
    /** @type {HTMLElement} */ (chip.querySelector("small")).textContent = String(number);
    chip.classList.toggle("none", number === 0);
  }

  /** The rows that pass, and how many would with another flag, category or kind. @param {Wanted} wanted */
  function sift(wanted) {
    const words = wanted.q.normalize("NFC").toLowerCase().split(/\s+/).filter(Boolean);
    const has = wanted.with.map((flag) => flagged(flag));
    const fails = missed(wanted.kind);
    const [passed, ofFlag, ofCategory, ofKind] = [new Set(), counts(), counts(), counts()];
    for (const row of rows) {
      const { number, category } = row;
      if (!words.every((word) => facts.words[number].includes(word))) continue;
      if (!has.every((flag) => flag.has(number))) continue;
      const isKind = !wanted.kind || fails.has(number);
      const isCategory = !wanted.category || category === wanted.category;
      if (isKind) ofCategory.add(category);
      if (isCategory) {
        for (const each of kind?.options ?? []) {
          if (missed(each.value).has(number)) ofKind.add(each.value);
        }
      }
      if (!isKind || !isCategory) continue;
      passed.add(row);
      for (const { value } of flags) if (flagged(value).has(number)) ofFlag.add(value);
    }
    return { passed, ofFlag, ofCategory, ofKind };
  }

  function apply() {
    const wanted = read();
    const { passed, ofFlag, ofCategory, ofKind } = sift(wanted);
    for (const row of rows) {
      const hidden = !passed.has(row);
      if (row.element.hidden !== hidden) row.element.hidden = hidden;
    }
    for (const box of flags) count(box, ofFlag.of(box.value));
    for (const [choice, counted] of /** @type {const} */ ([
      [kind, ofKind],
      [group, ofCategory],
    ])) {
      for (const option of choice?.options ?? []) {
        const words = language.of(option, "text");
        option.textContent = option.value ? `${words} (${counted.of(option.value)})` : words;
      }
    }
    for (const option of order.options) option.textContent = language.of(option, "text");
    sort(wanted.order);
    const stay = new Set([...passed].map(({ home }) => home));
    for (const home of homes) if (home) home.hidden = !stay.has(home);
    for (const head of document.querySelectorAll(".heads button")) {
      const own = /** @type {HTMLElement} */ (head.closest(".head")).dataset.model === model;
      head.setAttribute("aria-pressed", String(own));
    }
    const figures =
      passed.size === rows.length
        ? String(passed.size)
        : `${passed.size}\u00a0/\u00a0${rows.length}`;
    const what = h("span", { class: "reader-only" }, ...say(wordsOf("part-words"), "cases"));
    left.replaceChildren(figures, " ", what);
    nothing.hidden = passed.size > 0;
    const [n, all] = [passed.size, rows.length];
    part?.replaceChildren(...(n < all ? say(wordsOf("part-words"), "part", { n, all }) : []));
    address.write({ ...wanted, with: wanted.with.join(",") });
  }

  /** What the order is by: a value's name with + (small first) or - before it. */
  const nameOf = (/** @type {string} */ by) => (/^[-+]/.test(by) ? by.slice(1) : "");

  /** Those that have no value go last. @param {string} by */
  function sort(by) {
    const sign = by[0] === "-" ? -1 : 1;
    const name = nameOf(by);
    const at = models.indexOf(model);
    const columns = facts.values[name] ?? [];
    const of = at < 0 ? columns : columns.slice(at, at + 1);
    const value = (/** @type {Row} */ { number }) => {
      let worst = Number.POSITIVE_INFINITY;
      for (const column of of) {
        const one = column[number];
        if (one !== null) worst = Math.min(worst, sign * one);
      }
      return worst;
    };
    const key = `${by} ${model}`;
    if (key !== before) {
      const ranks = new Map(rows.map((row) => [row, value(row)]));
      const rank = (/** @type {Row} */ row) => /** @type {number} */ (ranks.get(row));
      const ranked = [...rows]; // of rows alike, those that came first stay so
      if (name) ranked.sort((a, b) => (rank(a) < rank(b) ? -1 : rank(a) > rank(b) ? 1 : 0));
      // By category, cases stand under their heads; in another order, all in one list.
      root.classList.toggle("one-list", Boolean(by));
      if (by) document.getElementById("ranked")?.append(...ranked.map(({ element }) => element));
      else for (const { home, element } of before === " " ? [] : ranked) home?.append(element);
    }
    before = key;
    for (const row of nearby.rows) label(row);
  }

  /** Say by what a row is where it is. @param {HTMLElement} row */
  function label(row) {
    let line = /** @type {HTMLElement | null} */ (row.querySelector(".sorted"));
    const columns = facts.values[nameOf(order.value)];
    const number = numbers.get(row) ?? -1;
    if (!columns?.some((column) => column[number] != null)) {
      line?.remove();
      return;
    }
    if (!line) {
      line = h("p", { class: "sorted" });
      row.querySelector(".about")?.append(line);
    }
    const figures = columns.map((column, i) => `${models[i]} ${figure(column[number])}`);
    const name = order.selectedOptions[0]?.textContent ?? "";
    line.title = name;
    line.replaceChildren(h("span", { class: "by" }, `${name} · `), figures.join(" · "));
  }

  /** @param {string} name @param {string | string[]} value */
  function put(name, value) {
    for (const box of all(`[name=${name}]`)) {
      if (box.type === "checkbox") box.checked = value.includes(box.value);
      else if (typeof value === "string") box.value = value;
      if (box instanceof HTMLSelectElement && box.selectedIndex < 0) box.value = "";
    }
  }

  function clear() {
    search.value = "";
    for (const choice of [kind, group]) if (choice) choice.value = "";
    for (const box of flags) box.checked = false;
    apply();
  }

  function follow() {
    const wanted = address.read();
    for (const name of ["q", "kind", "category", "order"]) put(name, wanted[name] ?? "");
    put("with", (wanted.with ?? "").split(","));
    model = models.includes(wanted.model) && wanted.order ? wanted.model : "";
  }

  /** The start of what is left, below the bar. @param {"always" | "behind"} when */
  function start(when) {
    const first = [nothing, document.getElementById("ranked"), ...homes].find(
      (e) => e?.offsetHeight,
    );
    const top = first?.getBoundingClientRect().top ?? 0;
    const { bottom } = /** @type {HTMLElement} */ (
      document.getElementById("bar")
    ).getBoundingClientRect();
    if (when === "always" || top < bottom) first?.scrollIntoView({ behavior: "instant" });
  }

  /** Show what a link leads to, whatever order or filter it is hidden by. @param {HTMLElement} target */
  function reveal(target) {
    if (target.closest("#ranked, section.sheet") && !target.checkVisibility()) {
      order.value = model = "";
      put("category", "");
      apply();
      if (!target.checkVisibility()) clear();
    }
    settle(target);
  }

  // The names of what cells show stand beside their icons where the filters leave them the room.
  const [cells, chips] = all(".cells, .chips");
  edges(form);
  edges(chips);
  const fit = () => {
    cells.classList.add("worded");
    cells.classList.toggle(
      "worded",
      chips.scrollWidth <= chips.clientWidth && form.scrollWidth <= form.clientWidth,
    );
  };
  const room = new ResizeObserver(fit);
  search.addEventListener("focus", fit); // it opens; as it closes, nothing moves under a pointer
  for (const each of [form, ...form.querySelectorAll("select")]) room.observe(each);

  follow();
  addEventListener("popstate", ({ state }) => {
    const wanted = address.read();
    const anchor = document.getElementById(wanted.case ?? "");
    const found = NAMES.some((name) => wanted[name]);
    if (state || found || !(wanted.view || anchor)) {
      follow(); // an entry of the history, or a link to rows that are found or put in order
      apply();
      if (!state) start("always");
    } else {
      apply(); // a link to a place keeps what is found
      if (anchor) reveal(anchor);
    }
  });
  form.addEventListener("input", ({ target }) => {
    const box = /** @type {HTMLInputElement} */ (target);
    if (!NAMES.includes(box.name)) return;
    if (box.name === "order") model = "";
    apply();
    start("behind");
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  nothing.querySelector("button")?.addEventListener("click", () => {
    clear();
    search.focus({ preventScroll: true });
    start("behind");
  });
  const there = address.read();
  const linked = there.view ? null : document.getElementById(there.case ?? "");
  apply();
  nearby.each(label);
  addEventListener("beforeprint", () => {
    for (const { element } of rows) label(element);
  });
  // To an anchor alone the browser scrolls by itself; of one that is filtered away, what is found stays.
  const more = Object.keys(there).length > 1;
  if (address.followed && more && linked?.checkVisibility()) settle(linked);
  return {
    apply,
    by(name) {
      const options = [...order.options];
      const misses = options.find(({ value }) => value === "-misses");
      const first = misses ?? options.find(({ value }) => value.startsWith("-"));
      if (!first) return;
      const again = model === name;
      model = again ? "" : name;
      if (again) order.value = "";
      else if (!order.value.startsWith("-")) order.value = first.value;
      apply();
      start("behind");
    },
  };
}

/** What gives the set of a name's rows. @param {Record<string, number[]>} lists */
function sets(lists) {
  const all = new Map(Object.entries(lists).map(([name, rows]) => [name, new Set(rows)]));
  const none = /** @type {Set<number>} */ (new Set());
  return (/** @type {string} */ name) => all.get(name) ?? none;
}

/** Counts by name. */
function counts() {
  /** @type {Map<string, number>} */
  const all = new Map();
  const of = (/** @type {string} */ name) => all.get(name) ?? 0;
  return { of, add: (/** @type {string} */ name) => all.set(name, of(name) + 1) };
}

/** @param {number | null} value three figures of it, or all of a whole number */
function figure(value) {
  if (value == null) return "–";
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(3)));
}
