// What the page of explore is made of.

import { h } from "./dom.js";
import { svg } from "./svg.js";

const BACKDROPS = ["checker", "white", "black", "grey", "green"];
const FOREGROUNDS = ["raw", "blur-fusion", "pymatting"];
const WORDS = {
  original: { title: "original", empty: "empty_original", hint: "panel_original" },
  result: { title: "result", empty: "empty_result", hint: "panel_result" },
};
const UPLOAD = "M12 16V5m0 0L7.5 9.5M12 5l4.5 4.5M4 15v3a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-3";

/** @typedef {ReturnType<typeof layout>} Layout */
/** @typedef {ReturnType<typeof panel>} Side */

/**
 * @param {HTMLElement} root
 * @param {import("./text.js").Texts} texts
 * @param {import("./explorer.js").Explorer} act what is pressed acts upon
 */
export function layout(root, texts, act) {
  root.classList.add("rmbg", "rx");
  root.dataset.backdrop = "checker";
  const language = texts.label("button", "other_language", {
    type: "button",
    class: "rx-quiet",
    onclick: () => act.otherLanguage(),
  });
  const bar = h("progress", { max: 1, class: "rx-loading" });
  const status = h("p", { class: "rx-status", role: "status" });
  texts.say(status, root.dataset.full ? "full" : "connecting");
  const panels = h("div", { class: "rx-panels" });
  const controls = choices(root, texts, act);
  const looking = closely(root, texts, act);
  root.replaceChildren(
    h(
      "header",
      { class: "rx-head" },
      h("div", {}, texts.label("h1", "title"), texts.label("p", "lead", { class: "rx-lead" })),
      language,
    ),
    h("div", { class: "rx-state" }, status, bar),
    h(
      "div",
      { class: "rx-columns" },
      h("section", { class: "rx-controls" }, ...controls.all),
      h("section", { class: "rx-main" }, panels, looking.box),
    ),
  );
  const original = panel(texts, "original");
  panels.append(original.figure);
  return { bar, status, panels, original, ...controls, looking };
}

/**
 * @param {HTMLElement} root
 * @param {import("./text.js").Texts} texts
 * @param {import("./explorer.js").Explorer} act
 */
function choices(root, texts, act) {
  const input = h("input", {
    type: "file",
    accept: "image/*,.heic,.heif,.avif,.tif,.tiff,.bmp",
    multiple: true,
    class: "rx-file",
    onchange: () => {
      act.choose([...(input.files ?? [])]);
      input.value = "";
    },
  });
  const chosen = texts.label("span", "drop_hint", { class: "rx-chosen" });
  const drop = h(
    "label",
    { class: "rx-drop" },
    texts.say(input, "drop", {}, "aria-label"),
    svg(
      "svg",
      { viewBox: "0 0 24 24", "aria-hidden": "true", class: "rx-icon" },
      svg("path", { d: UPLOAD }),
    ),
    texts.label("strong", "drop"),
    chosen,
  );
  const over = (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    drop.classList.toggle("rx-over", event.type === "dragover");
  };
  // A picture dropped beside the box is meant for it, too.
  root.addEventListener("dragover", over);
  root.addEventListener("dragleave", over);
  root.addEventListener("drop", (event) => {
    over(event);
    act.choose([...(event.dataTransfer?.files ?? [])]);
  });
  const arriving = h("progress", { max: 1, class: "rx-arriving", hidden: true });
  const cases = h("select", { onchange: () => act.chooseCase(cases.value) });
  const models = ["", "none"].map((_, number) =>
    h("select", { onchange: () => act.chooseModels(), disabled: true, "data-number": number }),
  );
  const foreground = h(
    "select",
    { onchange: () => act.offer() },
    ...FOREGROUNDS.map((name) => texts.label("option", `foreground.${name}`, { value: name })),
  );
  const button = (/** @type {string} */ key, /** @type {Record<string, any>} */ attributes) =>
    texts.label("button", key, { type: "button", ...attributes });
  const go = button("remove", { class: "rx-go", disabled: true, onclick: () => act.go() });
  const trouble = h("div", { class: "rx-trouble", role: "alert", hidden: true });
  const list = h("ol", { class: "rx-list", hidden: true });
  const saveAll = button("save_all", { hidden: true, onclick: () => act.saveZip() });
  const category = texts.say(h("select"), "category", {}, "aria-label");
  const add = button("add", { onclick: () => act.addCase() });
  const added = h("p", { class: "rx-note", role: "status" });
  const adding = h(
    "details",
    { class: "rx-more", hidden: true },
    texts.label("summary", "add_title"),
    texts.label("p", "add_note", { class: "rx-note" }),
    h("div", { class: "rx-row" }, category, add),
    added,
  );
  const field = (/** @type {string} */ key, /** @type {HTMLElement} */ control) =>
    h("label", { class: "rx-field" }, texts.label("span", key), control);
  const pair = h(
    "div",
    { class: "rx-pair" },
    field("model", models[0]),
    field("second_model", models[1]),
  );
  const all = [
    drop,
    arriving,
    field("case", cases),
    pair,
    field("foreground", foreground),
    go,
    trouble,
    list,
    saveAll,
    adding,
  ];
  const parts = { chosen, arriving, cases, models, foreground, go, trouble, list, saveAll };
  return { all, ...parts, category, add, added, adding };
}

/**
 * A picture to look at closely: the original, or a model's result.
 * @param {import("./text.js").Texts} texts
 * @param {"original" | "result"} kind
 */
export function panel(texts, kind) {
  const words = WORDS[kind];
  const label = texts.label("h2", words.title);
  const about = h("span", { class: "rx-about" });
  const empty = texts.label("p", words.empty, { class: "rx-empty" });
  const layer = h("div", { class: kind === "result" ? "canvas cut" : "canvas" });
  const overlay = svg("svg", { class: "rx-overlay", "aria-hidden": "true" });
  const box = h("div", { class: "rx-stage", role: "group", tabindex: 0 }, empty, layer);
  texts.say(box, words.hint, {}, "aria-label");
  const done = h(
    "span",
    { class: "rx-tags", hidden: true },
    texts.label("span", "done", { class: "rx-tag" }),
    texts.label("span", "transparent", { class: "rx-tag" }),
  );
  const save = texts.label("a", "save", { class: "rx-save", hidden: true });
  const hint = h("span", { class: "rx-note" });
  const figure = h(
    "article",
    { class: `rx-panel rx-${kind}` },
    h("div", { class: "rx-title" }, label, ...(kind === "result" ? [done] : []), about),
    box,
    ...(kind === "result" ? [h("div", { class: "rx-under" }, save, hint)] : []),
  );
  return {
    ...{ label, about, empty, layer, overlay, box, done, save, hint, figure, model: "" },
    image: /** @type {HTMLImageElement | null} */ (null),
    grey: /** @type {HTMLCanvasElement | null} */ (null), // its alpha
    result: /** @type {import("./explorer.js").Result | null} */ (null),
    alpha: /** @type {import("./alpha.js").AlphaMap | null} */ (null),
  };
}

/**
 * @param {HTMLElement} root
 * @param {import("./text.js").Texts} texts
 * @param {import("./explorer.js").Explorer} act
 */
function closely(root, texts, act) {
  const tool = (
    /** @type {string} */ key,
    /** @type {string} */ text,
    /** @type {() => void} */ onclick,
  ) => {
    const button = h("button", { type: "button", class: "rx-tool", onclick }, text);
    return key ? texts.say(button, key, {}, text ? "aria-label" : "") : button;
  };
  const group = (/** @type {Node[]} */ ...children) => h("div", { class: "rx-group" }, ...children);
  const name = Math.random().toString(36).slice(2); // two views of a widget choose apart
  /** @param {string} key @param {string} kind @param {string[]} values @param {(value: string) => void} act */
  const radios = (key, kind, values, act) => {
    const labels = values.map((value, number) => {
      const input = h("input", { type: "radio", name: `${key}-${name}`, value });
      input.addEventListener("change", () => act(value));
      input.checked = number === 0;
      const text = texts.label("span", `${key}.${value}`);
      const label = h("label", { class: `rx-${kind} rx-${kind}-${value}` }, input, text);
      return kind === "dot" ? texts.say(label, `${key}.${value}`, {}, "title") : label;
    });
    const box = h("div", { class: "rx-group", role: "radiogroup" }, ...labels);
    return texts.say(box, key, {}, "aria-label");
  };
  const percent = h("output", { class: "rx-percent" });
  const line = tool("line", "", () => act.drawLine());
  line.setAttribute("aria-pressed", "false");
  const ends = ["x1", "y1", "x2", "y2"].map((end, number) => {
    const input = h("input", { type: "number", step: "1", "aria-label": end });
    input.addEventListener("change", () => act.moveLine(number, Number(input.value)));
    return input;
  });
  const card = (/** @type {string} */ key, /** @type {Node[]} */ ...children) =>
    h("div", { class: "rx-card", hidden: true }, texts.label("h3", key), ...children);
  const plot = () => h("div", { class: "rx-plot" });
  const profile = { plot: plot(), text: h("p", { class: "rx-note rx-keys", role: "status" }) };
  const histogram = { plot: plot(), text: h("p", { class: "rx-note rx-keys" }), of: "" };
  const endsRow = h("div", { class: "rx-row rx-ends" }, texts.label("span", "line_ends"), ...ends);
  const profileCard = card("profile", profile.plot, profile.text, endsRow);
  const histogramCard = card("histogram", histogram.plot, histogram.text);
  const box = h(
    "div",
    { class: "rx-looking", hidden: true },
    h(
      "div",
      { class: "rx-tools" },
      group(
        tool("zoom_out", "−", () => act.zoom.step(-1)),
        percent,
        tool("zoom_in", "+", () => act.zoom.step(1)),
        tool("fit", "", () => act.zoom.fit()),
        tool("", "100 %", () => act.zoom.zoom(1 / devicePixelRatio)),
        tool("", "800 %", () => act.zoom.zoom(8 / devicePixelRatio)),
      ),
      radios("view", "view", ["result", "alpha"], (value) => {
        root.dataset.view = value;
        act.showAlpha();
      }),
      radios("backdrop", "dot", BACKDROPS, (value) => {
        root.dataset.backdrop = value;
      }),
      group(line),
    ),
    texts.label("p", "zoom_hint", { class: "rx-note" }),
    h("div", { class: "rx-cards" }, profileCard, histogramCard),
  );
  return { box, percent, line, ends, profile, profileCard, histogram, histogramCard };
}
