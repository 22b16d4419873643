// The page: language and backdrop, search, filters and order of the cases, links into the viewer.
"use strict";

const root = document.documentElement;

const languages = {
  get now() { return root.dataset.lang; },
  /** The words of an element in the language that is shown. */
  in(element) {
    return (element.querySelector(`:scope [lang="${languages.now}"]`) ?? element).textContent.trim();
  },
  show(lang) {
    root.dataset.lang = root.lang = lang;
    for (const image of document.querySelectorAll("img[data-alt]")) {
      const other = image.dataset.alt;
      if (image.lang !== lang) {
        [image.dataset.alt, image.alt, image.lang] = [image.alt, other, lang];
      }
    }
    for (const input of document.querySelectorAll("[data-placeholder-en]")) {
      input.placeholder = input.dataset[lang === "zh" ? "placeholderZh" : "placeholderEn"];
    }
  },
};

const page = (() => {
  const form = document.getElementById("find");
  const list = document.getElementById("cases");
  const articles = [...document.querySelectorAll("article.case")];
  const order = new Map(articles.map((article, index) => [article, index]));
  const facts = new Map(articles.map((article) => [article, JSON.parse(article.dataset.facts || "{}")]));
  const KEYS = ["q", "category", "model", "state", "missed", "sort"];

  /** Whether the model, or any without one, is in this state with the case. */
  function stateIs(article, value, model) {
    const states = facts.get(article).states ?? {};
    const of = model ? [states[model] ?? []] : Object.values(states);
    return of.some((one) => one.includes(value));
  }

  const tests = {
    q: (article, value) => value.toLowerCase().split(/\s+/)
      .every((word) => article.dataset.words.includes(word)),
    category: (article, value) => article.dataset.category === value,
    state: stateIs,
    missed: (article, value, model) => stateIs(article, `!${value}`, model),
    model: (article, value) => value in (facts.get(article).states ?? {}),
  };

  function passes(article, wanted, without) {
    return Object.keys(tests).every((key) =>
      key === without || !wanted[key] || tests[key](article, wanted[key], wanted.model));
  }

  function read() {
    return Object.fromEntries(KEYS.map((key) => [key, form?.elements[key]?.value ?? ""]));
  }

  function apply() {
    const wanted = read();
    for (const article of articles) article.hidden = !passes(article, wanted);
    for (const key of ["category", "state", "model", "missed"]) {
      for (const option of form.elements[key]?.options ?? []) {
        const would = { ...wanted, [key]: option.value };
        const count = articles.filter((article) => passes(article, would)).length;
        option.textContent = `${languages.now === "zh" ? option.dataset.zh : option.dataset.en} (${count})`;
      }
    }
    for (const option of form.elements.sort.options) {
      option.textContent = languages.now === "zh" ? option.dataset.zh : option.dataset.en;
    }
    sort(wanted.sort, wanted.model);
    const left = articles.filter((article) => !article.hidden).length;
    document.getElementById("left").value = `${left} / ${articles.length}`;
    document.getElementById("nothing").hidden = left > 0;
    address.write(wanted);
  }

  /** `sort` is a measure's name with + (small first) or - before it; what has none goes last. */
  function sort(by, model) {
    const sign = by[0] === "-" ? -1 : 1, name = by.slice(1);
    const value = (article) => {
      const found = facts.get(article).values?.[name] ?? {};
      const values = (model ? [found[model]] : Object.values(found)).filter((v) => v != null);
      return values.length ? (sign < 0 ? Math.max(...values) : Math.min(...values)) : null;
    };
    const ranked = [...articles].sort((a, b) => {
      const [x, y] = by ? [value(a), value(b)] : [null, null];
      if (x === y) return order.get(a) - order.get(b);
      return x === null ? 1 : y === null ? -1 : sign * (x - y);
    });
    // In the order of the report, cases stand under their categories; in another, all in one list.
    root.classList.toggle("one-list", Boolean(by));
    if (by) document.getElementById("ranked").append(...ranked);
    else for (const article of ranked) document.getElementById(article.dataset.home).append(article);
  }

  function visible() {
    return [...document.querySelectorAll("article.case")].filter((article) => !article.hidden);
  }

  function follow() {
    const wanted = address.read();
    const article = wanted.view && document.getElementById(wanted.view);
    if (article && viewer) viewer.open(article, wanted);
  }

  function start() {
    root.classList.add("script");
    const lang = remembered.get("lang");
    for (const radio of document.querySelectorAll("[name=lang]")) {
      if (lang) radio.checked = radio.value === lang;
      radio.addEventListener("change", () => {
        remembered.set("lang", radio.value);
        languages.show(radio.value);
        if (form) apply();
      });
      if (radio.checked) languages.show(radio.value);
    }
    for (const radio of document.querySelectorAll("[name=backdrop]")) {
      if (remembered.get("backdrop")) radio.checked = radio.value === remembered.get("backdrop");
      radio.addEventListener("change", () => remembered.set("backdrop", radio.value));
    }
    const colour = document.getElementById("backdrop-colour");
    colour?.addEventListener("input", () => {
      root.style.setProperty("--backdrop", colour.value);
      document.querySelector("[name=backdrop][value=colour]").checked = true;
    });
    document.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.defaultPrevented) return;
      const link = event.target.closest("figure.panel a, a[data-view]");
      if (!link || !viewer) return;
      const article = link.dataset.view
        ? document.getElementById(link.dataset.view) : link.closest("article.case");
      if (!article) return;
      event.preventDefault();
      const { kind, model } = link.closest("figure.panel")?.dataset ?? {};
      const of = link.dataset.model;
      const a = kind ? (model ? `${kind}:${model}` : kind) : of ? `result:${of}` : "";
      viewer.open(article, { ...(a && { a }), point: link.dataset.point });
    });
    if (form) {
      const wanted = address.read();
      for (const key of KEYS) if (wanted[key] && form.elements[key]) form.elements[key].value = wanted[key];
      form.addEventListener("input", apply);
      form.addEventListener("submit", (event) => event.preventDefault());
      form.addEventListener("reset", () => setTimeout(apply));
      apply();
    }
    addEventListener("hashchange", follow);
    follow();
  }

  return { visible, start };
})();

page.start();
