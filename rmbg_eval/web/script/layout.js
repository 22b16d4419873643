// What the page of explore is made of.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { svg } from "./svg.js";
import { _, OTHER } from "./text.js";

const BACKDROPS = {
  checker: _("checkerboard"),
  white: _("white"),
  black: _("black"),
  grey: _("grey"),
  green: _("green"),
};
const FOREGROUNDS = {
  raw: _("as they are"),
  "blur-fusion": _("decontaminated: blur-fusion"),
  pymatting: _("decontaminated: pymatting"),
};
const VIEWS = { result: _("Result"), alpha: _("Alpha") };
const WORDS = {
  original: {
    title: _("Original"),
    empty: _("Your picture appears here"),
    hint: _("Original. Plus and minus zoom, arrows move, 0 fits."),
  },
  result: {
    title: _("Result"),
    empty: _("The result appears here"),
    hint: _("Result. Plus and minus zoom, arrows move, 0 fits."),
  },
};

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
  const language = texts.label("button", OTHER, {
    type: "button",
    class: "rx-quiet",
    onclick: () => act.otherLanguage(),
  });
  const bar = h("progress", { max: 1, class: "rx-loading" });
  const status = h("p", { class: "rx-status", role: "status" });
  texts.say(
    status,
    root.dataset.full
      ? _("There are as many visitors as this server takes. Reload the page in a few minutes.")
      : _("Starting…"),
  );
  const panels = h("div", { class: "rx-panels" });
  const controls = choices(root, texts, act);
  const looking = closely(root, texts, act);
  root.replaceChildren(
    h(
      "header",
      { class: "rx-head" },
      h(
        "div",
        {},
        texts.label("h1", _("Remove a background")),
        texts.label("p", _("Nothing leaves this server, and nothing stays on it."), {
          class: "rx-lead",
        }),
      ),
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
  const chosen = texts.label(
    "span",
    _("JPEG, PNG, WebP, HEIC, AVIF, TIFF up to 64 MB; several at once"),
    { class: "rx-chosen" },
  );
  const drop = h(
    "label",
    { class: "rx-drop" },
    texts.say(input, _("Drop a picture, click, or paste"), {}, "aria-label"),
    icon("upload"),
    texts.label("strong", _("Drop a picture, click, or paste")),
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
    ...Object.entries(FOREGROUNDS).map(([name, text]) =>
      texts.label("option", text, { value: name }),
    ),
  );
  const button = (/** @type {string} */ text, /** @type {Record<string, any>} */ attributes) =>
    texts.label("button", text, { type: "button", ...attributes });
  const go = button(_("Remove background"), {
    class: "rx-go",
    disabled: true,
    onclick: () => act.go(),
  });
  const trouble = h("div", { class: "rx-trouble", role: "alert", hidden: true });
  const list = h("ol", { class: "rx-list", hidden: true });
  const saveAll = button(_("Save all as ZIP"), { hidden: true, onclick: () => act.saveZip() });
  const category = texts.say(h("select"), _("Category"), {}, "aria-label");
  const add = button(_("Add"), { onclick: () => act.addCase() });
  const added = h("p", { class: "rx-note", role: "status" });
  const adding = h(
    "details",
    { class: "rx-more", hidden: true },
    texts.label("summary", _("Add to my case set")),
    texts.label("p", _("Keeps the original on the server, as a case for reports to come."), {
      class: "rx-note",
    }),
    h("div", { class: "rx-row" }, category, add),
    added,
  );
  const field = (/** @type {string} */ text, /** @type {HTMLElement} */ control) =>
    h("label", { class: "rx-field" }, texts.label("span", text), control);
  const pair = h(
    "div",
    { class: "rx-pair" },
    field(_("Model"), models[0]),
    field(_("Beside it"), models[1]),
  );
  const all = [
    drop,
    arriving,
    field(_("Or a case"), cases),
    pair,
    field(_("Colours at the edge"), foreground),
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
    texts.label("span", _("done"), { class: "rx-tag" }),
    texts.label("span", _("transparent background"), { class: "rx-tag" }),
  );
  const save = texts.label("a", _("Save PNG"), { class: "rx-save", hidden: true });
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
    /** @type {string} */ text,
    /** @type {string} */ sign,
    /** @type {() => void} */ onclick,
  ) => {
    const button = h("button", { type: "button", class: "rx-tool", onclick }, sign);
    return text ? texts.say(button, text, {}, sign ? "aria-label" : "") : button;
  };
  const group = (/** @type {Node[]} */ ...children) => h("div", { class: "rx-group" }, ...children);
  const name = Math.random().toString(36).slice(2); // two views of a widget choose apart
  /** @param {string} title @param {string} kind @param {Record<string, string>} values @param {(value: string) => void} act */
  const radios = (title, kind, values, act) => {
    const labels = Object.entries(values).map(([value, words], number) => {
      const input = h("input", { type: "radio", name: `${kind}-${name}`, value });
      input.addEventListener("change", () => act(value));
      input.checked = number === 0;
      const text = texts.label("span", words);
      const label = h("label", { class: `rx-${kind} rx-${kind}-${value}` }, input, text);
      return kind === "dot" ? texts.say(label, words, {}, "title") : label;
    });
    const box = h("div", { class: "rx-group", role: "radiogroup" }, ...labels);
    return texts.say(box, title, {}, "aria-label");
  };
  const percent = h("output", { class: "rx-percent" });
  const line = tool(_("Draw a line"), "", () => act.drawLine());
  line.setAttribute("aria-pressed", "false");
  const ends = ["x1", "y1", "x2", "y2"].map((end, number) => {
    const input = h("input", { type: "number", step: "1", "aria-label": end });
    input.addEventListener("change", () => act.moveLine(number, Number(input.value)));
    return input;
  });
  const card = (/** @type {string} */ title, /** @type {Node[]} */ ...children) =>
    h("div", { class: "rx-card", hidden: true }, texts.label("h3", title), ...children);
  const plot = () => h("div", { class: "rx-plot" });
  const profile = { plot: plot(), text: h("p", { class: "rx-note rx-keys", role: "status" }) };
  const histogram = { plot: plot(), text: h("p", { class: "rx-note rx-keys" }), of: "" };
  const endsRow = h(
    "div",
    { class: "rx-row rx-ends" },
    texts.label("span", _("From x, y to x, y")),
    ...ends,
  );
  const profileCard = card(_("Alpha along the line"), profile.plot, profile.text, endsRow);
  const histogramCard = card(
    _("How much of the picture has which alpha (logarithmic)"),
    histogram.plot,
    histogram.text,
  );
  const box = h(
    "div",
    { class: "rx-looking", hidden: true },
    h(
      "div",
      { class: "rx-tools" },
      group(
        tool(_("Zoom out"), "−", () => act.zoom.step(-1)),
        percent,
        tool(_("Zoom in"), "+", () => act.zoom.step(1)),
        tool(_("Fit"), "", () => act.zoom.fit()),
        tool("", "100 %", () => act.zoom.zoom(1 / devicePixelRatio)),
        tool("", "800 %", () => act.zoom.zoom(8 / devicePixelRatio)),
      ),
      radios(_("What is shown"), "view", VIEWS, (value) => {
        root.dataset.view = value;
        act.showAlpha();
      }),
      radios(_("Backdrop"), "dot", BACKDROPS, (value) => {
        root.dataset.backdrop = value;
      }),
      group(line),
    ),
    texts.label(
      "p",
      _("Drag to move; two fingers, Ctrl + wheel or double-click zoom; all panels move together."),
      { class: "rx-note" },
    ),
    h("div", { class: "rx-cards" }, profileCard, histogramCard),
  );
  return { box, percent, line, ends, profile, profileCard, histogram, histogramCard };
}
