// Finding cases: search, filters with the counts that they would leave, and order.

import { address } from "./address.js";
import { h } from "./dom.js";
import { language } from "./language.js";

const root = document.documentElement;

/** @typedef {{ q: string, with: string[], kind: string, category: string, order: string, model: string }} Wanted */
/** @typedef {Record<string, (number | null)[]>} Values by name, each in the order of the models */
/** @typedef {{ flags: string[], kinds: string[], values: Values }} Facts */

/** @returns {HTMLElement[]} the cases that are left, as they are ordered */
export function shownCases() {
  const all = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("article.case"));
  return [...all].filter((article) => !article.hidden);
}

/**
 * Make the form work; on a page without one, nothing.
 * @returns {{ apply: () => void, by: (model: string) => void }} what to call for a new language, and
 *   for a click on a model: its worst cases first
 */
export function finder() {
  const form = /** @type {HTMLFormElement | null} */ (document.getElementById("find"));
  if (!form) return { apply() {}, by() {} };
  const articles = shownCases();
  const models = [...document.querySelectorAll(".heads [data-model]")].map(
    (head) => /** @type {HTMLElement} */ (head).dataset.model ?? "",
  );
  const place = new Map(articles.map((article, index) => [article, index]));
  /** @type {Map<HTMLElement, Facts>} */
  const facts = new Map(
    articles.map((one) => [
      one,
      { flags: [], kinds: [], values: {}, ...JSON.parse(one.dataset.facts || "{}") },
    ]),
  );
  /** @template {HTMLElement} [E=HTMLInputElement] @param {string} selector @returns {E[]} */
  const all = (selector) => [.../** @type {NodeListOf<E>} */ (form.querySelectorAll(selector))];
  const [search] = all("[name=q]");
  const [order] = /** @type {HTMLSelectElement[]} */ (all("[name=order]"));
  const [kind] = /** @type {(HTMLSelectElement | undefined)[]} */ (all("[name=kind]"));
  const flags = all("[name=with]");
  const categories = all("[name=category]");
  const left = /** @type {HTMLOutputElement} */ (document.getElementById("left"));
  const nothing = /** @type {HTMLElement} */ (document.getElementById("nothing"));
  let model = ""; // by whose values cases are in order, where it is one model's
  let before = ""; // the order that they are in

  /** @type {{ [K in keyof Wanted]?: (article: HTMLElement, value: any) => boolean }} */
  const tests = {
    q: ({ dataset }, value) =>
      value
        .toLowerCase()
        .split(/\s+/)
        .every((/** @type {string} */ word) => dataset.words?.includes(word)),
    category: ({ dataset }, value) => dataset.category === value,
    with: (article, value) =>
      value.every((/** @type {string} */ flag) => facts.get(article)?.flags.includes(flag)),
    kind: (article, value) => Boolean(facts.get(article)?.kinds.includes(value)),
  };
  const passes = (/** @type {HTMLElement} */ article, /** @type {Wanted} */ wanted) =>
    Object.entries(tests).every(([key, test]) => {
      const value = wanted[/** @type {keyof Wanted} */ (key)];
      return !value?.length || test(article, value);
    });
  const count = (/** @type {Wanted} */ wanted) =>
    articles.filter((article) => passes(article, wanted)).length;

  /** @returns {Wanted} */
  const read = () => ({
    q: search.value.trim(),
    with: flags.filter((box) => box.checked).map((box) => box.value),
    kind: kind?.value ?? "",
    category: categories.find((box) => box.checked)?.value ?? "",
    order: order.value,
    model,
  });

  /** @param {HTMLInputElement} box @param {Wanted} would */
  function say(box, would) {
    const number = count(would);
    const chip = /** @type {HTMLElement} */ (box.parentElement);
    /** @type {HTMLOutputElement} */ (chip.querySelector("output")).value = String(number);
    chip.classList.toggle("none", number === 0);
  }

  function apply() {
    const wanted = read();
    for (const article of articles) article.hidden = !passes(article, wanted);
    for (const box of flags) {
      say(box, { ...wanted, with: [...new Set([...wanted.with, box.value])] });
    }
    for (const box of categories) say(box, { ...wanted, category: box.value });
    for (const option of kind?.options ?? []) {
      const number = count({ ...wanted, kind: option.value });
      option.textContent = `${language.of(option, "text")} (${number})`;
    }
    for (const option of order.options) option.textContent = language.of(option, "text");
    sort(wanted.order);
    // Only now are the cases where they stay.
    for (const section of /** @type {NodeListOf<HTMLElement>} */ (
      document.querySelectorAll("section.sheet")
    )) {
      section.hidden = !section.querySelector("article.case:not([hidden])");
    }
    for (const head of document.querySelectorAll(".heads button")) {
      const own = /** @type {HTMLElement} */ (head.closest(".head")).dataset.model === model;
      head.setAttribute("aria-pressed", String(Boolean(model) && own));
    }
    const number = articles.filter((article) => !article.hidden).length;
    left.value =
      number === articles.length ? String(number) : `${number}\u00a0/\u00a0${articles.length}`;
    nothing.hidden = number > 0;
    address.write({ ...wanted, with: wanted.with.join(",") });
  }

  /** `by`: a value's name with + (small first) or - before it; what has none goes last. */
  function sort(/** @type {string} */ by) {
    const sign = by[0] === "-" ? -1 : 1;
    const name = /^[-+]/.test(by) ? by.slice(1) : "";
    const at = models.indexOf(model);
    const value = (/** @type {HTMLElement} */ article) => {
      const row = facts.get(article)?.values[name] ?? [];
      const values = (at < 0 ? row : [row[at]]).filter((v) => v != null);
      return values.length ? sign * Math.min(...values.map((v) => sign * v)) : null;
    };
    const key = `${by} ${model}`;
    if (key !== before) {
      const ranks = new Map(articles.map((article) => [article, name ? value(article) : null]));
      const ranked = [...articles].sort((a, b) => {
        const [x, y] = [ranks.get(a) ?? null, ranks.get(b) ?? null];
        if (x === y) return (place.get(a) ?? 0) - (place.get(b) ?? 0);
        return x === null ? 1 : y === null ? -1 : sign * (x - y);
      });
      // By category, cases stand under their heads; in another order, all in one list.
      root.classList.toggle("one-list", Boolean(by));
      for (const article of ranked) {
        document.getElementById(by ? "ranked" : (article.dataset.home ?? ""))?.append(article);
      }
    }
    before = key;
    for (const article of articles) {
      let line = article.querySelector(".sorted");
      const row = name && !article.hidden ? facts.get(article)?.values[name] : null;
      if (!row) {
        line?.remove();
        continue;
      }
      if (!line) {
        line = h("p", { class: "sorted" });
        article.querySelector(".about")?.append(line);
      }
      const figures = row.map((v, i) => `${models[i]} ${v == null ? "–" : figure(v)}`);
      line.textContent = `${order.selectedOptions[0]?.textContent}: ${figures.join(" · ")}`;
    }
  }

  /** @param {string} name @param {string | string[]} value */
  function put(name, value) {
    for (const box of all(`[name=${name}]`)) {
      if (box.type === "checkbox") box.checked = value.includes(box.value);
      else if (typeof value === "string") box.value = value;
    }
  }

  function clear() {
    search.value = "";
    if (kind) kind.value = "";
    for (const box of [...flags, ...categories]) box.checked = false;
    apply();
    search.focus({ preventScroll: true });
  }

  function follow() {
    const wanted = address.read();
    for (const name of ["q", "kind", "order"]) if (wanted[name]) put(name, wanted[name]);
    if (wanted.with) put("with", wanted.with.split(","));
    if (wanted.category) put("category", [wanted.category]);
    model = models.includes(wanted.model) && wanted.order ? wanted.model : "";
    if (order.selectedIndex < 0) order.value = "";
  }

  follow();
  form.addEventListener("input", ({ target }) => {
    const box = /** @type {HTMLInputElement} */ (target);
    if (!["q", "with", "kind", "category", "order"].includes(box.name)) return;
    if (box.name === "category" && box.checked) put("category", [box.value]); // a case has but one
    if (box.name === "order") model = "";
    apply();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  nothing.querySelector("button")?.addEventListener("click", clear);
  apply();
  return {
    apply,
    by(name) {
      const first = [...order.options].find(({ value }) => value.startsWith("-"));
      if (!first) return;
      const again = model === name;
      model = again ? "" : name;
      if (again) order.value = "";
      else if (!order.value.startsWith("-")) order.value = first.value;
      apply();
    },
  };
}

/** @param {number} value three figures of it, or all of a whole number */
const figure = (value) =>
  Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(3)));
