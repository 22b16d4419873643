// What the page of explore is made of.

import { remembered } from "./address.js";
import { h } from "./dom.js";
import { icon } from "./icons.js";
import { svg } from "./svg.js";
import { _ } from "./text.js";

const BACKDROPS = {
  checker: _("checkerboard"),
  white: _("white"),
  grey: _("grey"),
  black: _("black"),
  green: _("green"),
};
const THEMES = { light: _("light"), dark: _("dark"), auto: _("auto") };
const FOREGROUNDS = {
  raw: _("as they are"),
  "blur-fusion": _("decontaminated: blur-fusion"),
  pymatting: _("decontaminated: pymatting"),
};
/** @type {Record<string, [string, Icon]>} */
const VIEWS = {
  result: [_("Result"), "result"],
  alpha: [_("Alpha"), "alpha"],
  difference: [_("Difference"), "error"],
};
const KEYS = [
  ["R, A, E", _("result, alpha, difference of two models")],
  ["+, −", _("zoom")],
  ["0", _("the whole picture")],
  ["1", _("every pixel as it is")],
  ["← ↑ → ↓", _("move what is zoomed")],
  ["Ctrl + V", _("paste a picture")],
  ["D", _("draw a point by hand")],
  ["← ↑ → ↓", _("move the cross and the corner that is held; with Shift by 10 px")],
  ["Space", _("place a corner, let go of it")],
  ["N", _("take the next corner")],
  ["Delete", _("delete the corner")],
  ["Enter, Esc", _("done; as it was before")],
  ["?", _("this list")],
];
const TOOLS = {
  box: _("Box"),
  polygon: _("Polygon"),
  lines: _("Lines"),
  move: _("Move"),
};
export const WORDS = {
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

/** @typedef {import("./explorer.js").Explorer} Explorer */
/** @typedef {import("./icons.js").Icon} Icon */
/** @typedef {import("./text.js").Texts} Texts */
/** @typedef {ReturnType<typeof layout>} Layout */
/** @typedef {ReturnType<typeof panel>} Side */

/** @param {HTMLElement} root @param {Texts} texts @param {Explorer} act what is pressed acts upon */
export function layout(root, texts, act) {
  root.classList.add("rmbg", "rx");
  root.dataset.backdrop = "checker";
  const onclick = () => act.otherLanguage();
  const language = h("button", { type: "button", class: "plain", onclick });
  const keys = keySheet(texts);
  const help = iconButton(texts, _("Keys"), "keyboard", () => keys.showModal());
  const bar = h("progress", { max: 1 });
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
      texts.label("h1", _("Remove a background")),
      h(
        "div",
        { class: "rx-head-tools" },
        ...(root.dataset.page ? [themes(texts)] : []),
        language,
        help,
      ),
    ),
    texts.label("p", _("Nothing leaves this server, and nothing stays on it."), {
      class: "rx-lead",
    }),
    h("div", { class: "rx-state" }, status, bar),
    h(
      "div",
      { class: "rx-columns" },
      h("section", { class: "rx-controls" }, ...controls.all),
      h("section", { class: "rx-main" }, panels, looking.box),
    ),
    keys,
  );
  const original = panel(texts, "original");
  panels.append(original.figure);
  return { language, bar, status, panels, original, ...controls, looking, keys };
}

/** @param {Texts} texts @param {string} words
 * @param {Icon} sign @param {() => void} onclick */
function iconButton(texts, words, sign, onclick) {
  const button = h("button", { type: "button", class: "plain", onclick }, icon(sign));
  texts.say(button, words, {}, "title");
  return texts.say(button, words, {}, "aria-label");
}

/** Light, dark, or as the system is; a notebook's is JupyterLab's. @param {Texts} texts */
function themes(texts) {
  const before = remembered.get("theme") ?? "";
  const now = before in THEMES ? before : "auto";
  const group = h("div", { class: "segments", role: "radiogroup" });
  texts.say(group, _("Theme"), {}, "aria-label");
  for (const [value, words] of Object.entries(THEMES)) {
    const input = h("input", {
      type: "radio",
      name: "theme",
      value,
      checked: value === now,
      onchange: () => remembered.set("theme", value),
    });
    group.append(h("label", {}, input, texts.label("span", words)));
  }
  return group;
}

/** @param {Texts} texts */
function keySheet(texts) {
  const close = iconButton(texts, _("Close"), "close", () => sheet.close());
  const rows = KEYS.map(([keys, words]) =>
    h(
      "div",
      {},
      h("dt", {}, ...keys.split(", ").map((key) => h("kbd", {}, key))),
      texts.label("dd", words),
    ),
  );
  const head = h("div", { class: "rx-head" }, texts.label("h2", _("Keys")), close);
  const sheet = h("dialog", { class: "rx-keysheet" }, head, h("dl", {}, ...rows));
  texts.say(sheet, _("Keys"), {}, "aria-label");
  return sheet;
}

/** @param {HTMLElement} root @param {Texts} texts @param {Explorer} act */
function choices(root, texts, act) {
  const input = h("input", {
    type: "file",
    accept: "image/*,.heic,.heif,.hif,.avif,.tif,.tiff,.bmp",
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
    { class: "rx-chosen", role: "status" },
  );
  const arriving = h("progress", { max: 1, class: "rx-arriving", hidden: true });
  const drop = h(
    "label",
    { class: "rx-drop" },
    texts.say(input, _("Drop a picture, click, or paste"), {}, "aria-label"),
    icon("upload"),
    texts.label("strong", _("Drop a picture, click, or paste")),
    chosen,
    arriving,
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
  const cases = h("select", { onchange: () => act.chooseCase(cases.value) });
  const models = [0, 1].map((number) =>
    h("select", { onchange: () => act.chosen(), disabled: true, "data-number": number }),
  );
  const foreground = h(
    "select",
    { onchange: () => act.chosen() },
    ...Object.entries(FOREGROUNDS).map(([name, text]) =>
      texts.label("option", text, { value: name }),
    ),
  );
  const button = (/** @type {string} */ text, /** @type {Record<string, any>} */ attributes) =>
    texts.label("button", text, { type: "button", ...attributes });
  const go = button(_("Remove background"), {
    class: "rx-go primary",
    "aria-disabled": "true",
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

/** A picture to look at closely: the original, or a model's result. @param {Texts} texts
 * @param {"original" | "result"} kind */
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
    texts.label("span", _("done"), { class: "tag" }),
    texts.label("span", _("transparent background"), { class: "tag" }),
  );
  const name = texts.label("span", _("Save PNG"));
  const save = h("a", { class: "rx-save primary", hidden: true }, icon("save"), name);
  const hint = h("span", { class: "rx-note" });
  const figure = h(
    "article",
    { class: `rx-panel rx-${kind}` },
    h("div", { class: "rx-title" }, label, about),
    box,
    ...(kind === "result" ? [h("div", { class: "rx-under" }, save, done, hint)] : []),
  );
  return {
    ...{ label, about, empty, layer, overlay, box, done, save, hint, figure, model: "" },
    image: /** @type {HTMLImageElement | null} */ (null),
    grey: /** @type {import("./pixels.js").Drawable | null} */ (null), // its alpha
    apart: /** @type {import("./pixels.js").Drawable | null} */ (null), // where the other model's alpha differs
    result: /** @type {import("./explorer.js").Result | null} */ (null),
    alpha: /** @type {import("./alpha.js").AlphaMap | null} */ (null),
  };
}

/** @param {HTMLElement} root @param {Texts} texts @param {Explorer} act */
function closely(root, texts, act) {
  const to = (/** @type {number} */ percent) => {
    const onclick = () => act.zoom.zoom(percent / 100 / devicePixelRatio);
    return h("button", { type: "button", onclick }, `${percent} %`);
  };
  const group = (/** @type {Node[]} */ ...children) => h("div", { class: "rx-group" }, ...children);
  const name = Math.random().toString(36).slice(2); // two views of a widget choose apart
  /** @param {string} kind @param {string} value @param {boolean} checked @param {() => void} act */
  const radio = (kind, value, checked, act) => {
    const input = h("input", { type: "radio", name: `${kind}-${name}`, value });
    input.addEventListener("change", act);
    input.checked = checked;
    return input;
  };
  const views = h("div", { class: "segments", role: "radiogroup" });
  texts.say(views, _("What is shown"), {}, "aria-label");
  for (const [value, [words, sign]] of Object.entries(VIEWS)) {
    const input = radio("view", value, value === "result", () => act.view(value));
    views.append(h("label", {}, input, icon(sign), texts.label("span", words)));
  }
  const swatches = h("div", { class: "swatches", role: "radiogroup" });
  texts.say(swatches, _("Backdrop"), {}, "aria-label");
  for (const [value, words] of Object.entries(BACKDROPS)) {
    const input = radio("backdrop", value, value === "checker", () => {
      root.dataset.backdrop = value;
    });
    const label = h("label", { class: `swatch ${value}` }, input, texts.label("span", words));
    swatches.append(texts.say(label, words, {}, "title"));
  }
  const percent = h("output", { class: "rx-percent" });
  const line = h("button", { type: "button", onclick: () => act.drawLine() }, icon("line"));
  line.append(texts.label("span", _("Draw a line")));
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
  const legend = h(
    "p",
    { class: "rx-note rx-legend", hidden: true },
    texts.label("span", _("more opaque than the other model's alpha"), { class: "more-opaque" }),
    texts.label("span", _("less opaque"), { class: "less-opaque" }),
    texts.label("span", _("full colour from a difference of 0.5 on")),
  );
  const drawn = points(texts);
  const box = h(
    "div",
    { class: "rx-looking", hidden: true },
    h(
      "div",
      { class: "rx-tools" },
      group(
        iconButton(texts, _("Zoom out"), "minus", () => act.zoom.step(-1)),
        percent,
        iconButton(texts, _("Zoom in"), "plus", () => act.zoom.step(1)),
        iconButton(texts, _("Fit"), "fit", () => act.zoom.fit()),
        to(100),
        to(800),
      ),
      views,
      swatches,
      group(line),
    ),
    texts.label(
      "p",
      _("Drag to move; two fingers, Ctrl + wheel or double-click zoom; all panels move together."),
      { class: "rx-note" },
    ),
    legend,
    drawn,
    h("div", { class: "rx-cards" }, profileCard, histogramCard),
  );
  return {
    box,
    views,
    legend,
    percent,
    line,
    ends,
    profile,
    profileCard,
    histogram,
    histogramCard,
    drawn,
  };
}

/** The panel of draw.js, as the viewer's. @param {Texts} texts */
function points(texts) {
  const tools = Object.entries(TOOLS).map(([tool, words]) =>
    texts.label("button", words, { type: "button", "data-tool": tool, "aria-pressed": "false" }),
  );
  const segments = h("div", { class: "segments", role: "group" }, ...tools);
  texts.say(segments, _("Draw"), {}, "aria-label");
  /** @param {string} words @param {string} more @param {HTMLElement} control */
  const field = (words, more, control) => h("label", {}, texts.label("span", words), more, control);
  const text = (/** @type {string} */ part) =>
    h("input", { type: "text", "data-part": part, maxlength: 200 });
  const act = (/** @type {string} */ command, /** @type {string} */ words) =>
    texts.label("button", words, { type: "button", "data-do": command });
  const write = act("write-point", _("Write to case.toml"));
  write.hidden = true;
  return h(
    "details",
    { class: "draw" },
    texts.label("summary", _("A point by hand")),
    segments,
    texts.label(
      "p",
      _(
        "Drag a box or lines, click the corners of a polygon; Move moves it. With keys: D draws, arrows move the cross, Space places a corner, Enter ends, Escape takes it back.",
      ),
      { class: "rx-note" },
    ),
    field(_("Kind"), "", h("select", { "data-part": "kind" })),
    field(_("Words"), " · English", text("point-en")),
    field(_("Words"), " · 中文", text("point-zh")),
    h("div", { class: "values", "data-part": "values", role: "status" }),
    h(
      "label",
      {},
      "case.toml",
      h("textarea", { "data-part": "toml", rows: 6, spellcheck: "false" }),
    ),
    h(
      "p",
      { class: "rx-row" },
      write,
      act("copy-point", _("Copy")),
      act("save-point", _("Save")),
      act("clear-point", _("Clear")),
    ),
    h("p", { "data-part": "written", role: "status" }),
    h("output", { class: "reader-only", "data-part": "told", "aria-live": "polite" }),
  );
}
