// Finding cases: search, filters with the counts that they would leave, and order.

import { address } from "./address.js";
import { language } from "./language.js";

const root = document.documentElement;
const KEYS = /** @type {const} */ (["q", "category", "model", "state", "missed", "sort"]);

/** @typedef {Record<(typeof KEYS)[number], string>} Wanted */
/** @typedef {{ states?: Record<string, string[]>, values?: Record<string, Record<string, number | null>> }} Facts */

/** @returns {HTMLElement[]} the cases that are left, as they are ordered */
export function shownCases() {
  const all = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("article.case"));
  return [...all].filter((article) => !article.hidden);
}

/** Make the form work; does nothing on a page without one. Gives what to call for a new language. */
export function finder() {
  const form = /** @type {HTMLFormElement | null} */ (document.getElementById("find"));
  if (!form) return () => {};
  const articles = shownCases();
  const order = new Map(articles.map((article, index) => [article, index]));
  /** @type {Map<HTMLElement, Facts>} */
  const facts = new Map(articles.map((one) => [one, JSON.parse(one.dataset.facts || "{}")]));
  const field = (/** @type {string} */ key) =>
    /** @type {HTMLInputElement | HTMLSelectElement | null} */ (form.elements.namedItem(key));
  const options = (/** @type {string} */ key) => {
    const select = field(key);
    return select instanceof HTMLSelectElement ? [...select.options] : [];
  };
  const named = (/** @type {HTMLOptionElement} */ option) => {
    option.dataset.own ??= option.text;
    return option.getAttribute(`data-text-${language.now}`) ?? option.dataset.own;
  };
  const put = (/** @type {string} */ id, /** @type {HTMLElement[]} */ ...cases) =>
    document.getElementById(id)?.append(...cases);

  /** Whether the model, or any without one, is in this state with the case.
   * @param {HTMLElement} article @param {string} state @param {string} model */
  function stateIs(article, state, model) {
    const states = facts.get(article)?.states ?? {};
    const of = model ? [states[model] ?? []] : Object.values(states);
    return of.some((one) => one.includes(state));
  }

  /** @type {Record<string, (article: HTMLElement, value: string, model: string) => boolean>} */
  const tests = {
    q: ({ dataset }, value) =>
      value
        .toLowerCase()
        .split(/\s+/)
        .every((word) => dataset.words?.includes(word)),
    category: ({ dataset }, value) => dataset.category === value,
    state: stateIs,
    missed: (article, value, model) => stateIs(article, `!${value}`, model),
    model: (article, value) => value in (facts.get(article)?.states ?? {}),
  };

  const passes = (
    /** @type {HTMLElement} */ article,
    /** @type {Record<string, string>} */ wanted,
  ) =>
    Object.entries(tests).every(
      ([key, test]) => !wanted[key] || test(article, wanted[key], wanted.model),
    );

  function apply() {
    const wanted = /** @type {Wanted} */ (
      Object.fromEntries(KEYS.map((key) => [key, field(key)?.value ?? ""]))
    );
    for (const article of articles) article.hidden = !passes(article, wanted);
    for (const key of ["category", "state", "model", "missed"]) {
      for (const option of options(key)) {
        const would = { ...wanted, [key]: option.value };
        const count = articles.filter((article) => passes(article, would)).length;
        option.textContent = `${named(option)} (${count})`;
      }
    }
    for (const option of options("sort")) option.textContent = named(option);
    sort(wanted.sort, wanted.model);
    const left = articles.filter((article) => !article.hidden).length;
    /** @type {HTMLOutputElement} */ (document.getElementById("left")).value =
      `${left} / ${articles.length}`;
    /** @type {HTMLElement} */ (document.getElementById("nothing")).hidden = left > 0;
    address.write(wanted);
  }

  /** `by`: a measure's name with + (small first) or - before it; what has none goes last.
   * @param {string} by @param {string} model */
  function sort(by, model) {
    const sign = by[0] === "-" ? -1 : 1;
    const value = (/** @type {HTMLElement} */ article) => {
      const values = facts.get(article)?.values?.[by.slice(1)] ?? {};
      const all = (model ? [values[model]] : Object.values(values)).filter((v) => v != null);
      return all.length ? sign * Math.min(...all.map((v) => sign * v)) : null;
    };
    const ranked = [...articles].sort((a, b) => {
      const [x, y] = by ? [value(a), value(b)] : [null, null];
      if (x === y) return (order.get(a) ?? 0) - (order.get(b) ?? 0);
      return x === null ? 1 : y === null ? -1 : sign * (x - y);
    });
    // In the order of the report, cases stand under their categories; in another, all in one list.
    root.classList.toggle("one-list", Boolean(by));
    if (by) put("ranked", ...ranked);
    else for (const article of ranked) put(article.dataset.home ?? "", article);
  }

  const wanted = address.read();
  for (const key of KEYS) {
    const input = field(key);
    if (wanted[key] && input) input.value = wanted[key];
  }
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  apply();
  return apply;
}
