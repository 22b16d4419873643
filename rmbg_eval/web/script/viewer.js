// The viewer: the pictures of one case in a dialog, looked at together, side by side, under a
// slider or blended.

import { address } from "./address.js";
import { h } from "./dom.js";
import { file } from "./files.js";
import { shownCases } from "./find.js";
import { language } from "./language.js";
import { picture } from "./pixels.js";
import { Zoom } from "./zoom.js";

const SETTLED = 3; // frames in a row without a move

/** @typedef {Record<string, string>} Wanted as the address has it: a, b, mode, at, point */
/** @typedef {{ box: HTMLElement, layer: HTMLElement }} Pane */
/**
 * @typedef {object} Picture
 * @property {string} key
 * @property {string} kind
 * @property {string} model
 * @property {HTMLImageElement} image on the page
 * @property {string} source of the full size, where it lies beside the page
 * @property {boolean} asAlpha whether it is the alpha of the cut-out that `source` leads to
 */

/**
 * @param {HTMLDialogElement} dialog
 * @returns {(article: HTMLElement, wanted?: Wanted) => void} what opens it
 */
export function viewer(dialog) {
  /** @template {HTMLElement} [E=HTMLElement] @param {string} name */
  const part = (name) => /** @type {E} */ (dialog.querySelector(`[data-part="${name}"]`));
  const stage = part("stage");
  const points = part("points");
  /** @type {HTMLInputElement} */
  const share = part("share");
  /** @type {HTMLSelectElement[]} */
  const [a, b] = [part("a"), part("b")];
  const modes = /** @type {NodeListOf<HTMLInputElement>} */ (
    dialog.querySelectorAll("[name=viewer-mode]")
  );
  const zoom = new Zoom({ arrange, changed });
  zoom.listen(stage);
  /** @type {HTMLElement | null} */
  let article = null;
  /** @type {Picture[]} */
  let pictures = [];
  /** @type {Pane[]} */
  let panes = [];
  let mode = "side";
  /** @type {HTMLElement | null} */
  let opener = null;

  // ---- what there is to look at

  /** @param {HTMLElement} element @returns {Picture[]} */
  function picturesOf(element) {
    const figures = /** @type {NodeListOf<HTMLElement>} */ (
      element.querySelectorAll('figure:is(.panel, .tile):not([data-kind^="edge"]):has(img)')
    );
    const all = [...figures].map((figure) => {
      const image = /** @type {HTMLImageElement} */ (figure.querySelector("img"));
      const link = figure.querySelector("a");
      const full = link && !link.hash ? link.href : "";
      const { kind = "", model = "" } = figure.dataset;
      const stored = figure.dataset.full;
      const key = model ? `${kind}:${model}` : kind;
      return {
        key,
        kind,
        model,
        image,
        full,
        source: full || (stored ? file(stored) : image.src),
        asAlpha: false,
      };
    });
    for (const one of all) {
      // Where the cut-out lies beside the page at full size, so does its alpha: in the same file.
      const result = all.find(({ kind, model }) => kind === "result" && model === one.model);
      one.asAlpha = one.kind === "alpha" && Boolean(result?.full);
      if (one.asAlpha && result) one.source = result.source;
    }
    return all;
  }

  const label = (/** @type {Picture} */ { kind, model }) => {
    const name = language.in(dialog.querySelector(`[data-kind-name="${kind}"]`)) || kind;
    return model ? `${name} · ${model}` : name;
  };

  /** @param {Wanted} wanted */
  function fillChoices(wanted) {
    const before = address.read();
    const results = pictures.filter(({ kind }) => kind === "result" || kind === "new");
    const first = results.find(({ kind }) => kind === "result") ?? pictures[0];
    const other = results.find((one) => one !== first) ?? first;
    const preset = { a: mode === "side" ? first : pictures[0], b: other };
    for (const [side, choice] of Object.entries({ a, b })) {
      const keys = [
        wanted[side],
        choice.value,
        before[side],
        preset[/** @type {"a"} */ (side)].key,
      ];
      choice.replaceChildren(...pictures.map((one) => new Option(label(one), one.key)));
      choice.value = keys.find((key) => pictures.some((one) => one.key === key)) ?? "";
    }
  }

  // ---- panes

  /** @param {Picture} picture @param {string} [side] A or B @returns {Pane} */
  function pane(picture, side) {
    const [width, height] = zoom.size;
    const cut = picture.image.classList.contains("cut") ? " cut" : "";
    const layer = h("div", { class: `canvas ${picture.kind}${cut}` });
    const image = h("img", { width, height, alt: picture.image.alt, draggable: "false" });
    const less = h("span", { class: "less" }, ` · ${language.in(part("preview"))}`);
    const name = h(
      "p",
      { class: "name" },
      side ? `${side} ${label(picture)}` : label(picture),
      less,
    );
    const box = h("div", { class: "pane" }, layer, name);
    image.addEventListener("load", () => {
      layer.dataset.loaded = `${image.naturalWidth}×${image.naturalHeight}`;
      box.classList.toggle("preview", image.naturalWidth < width);
      if (picture.asAlpha) image.replaceWith(greyOf(image, image.alt));
    });
    image.src = picture.source;
    layer.append(image);
    const own = `svg.regions[data-model="${CSS.escape(picture.model)}"]`;
    const regions = article?.querySelector(own) ?? article?.querySelector("svg.regions");
    if (regions) {
      const copy = /** @type {Element} */ (regions.cloneNode(true));
      copy.setAttribute("width", String(width));
      copy.setAttribute("height", String(height));
      layer.append(copy);
    }
    return { box, layer };
  }

  function show() {
    const by = (/** @type {string} */ key) =>
      pictures.find((one) => one.key === key) ?? pictures[0];
    const [left, right] = [by(a.value), by(b.value)];
    dialog.dataset.mode = mode;
    if (mode === "side") {
      const model = left.model || pictures.find((one) => one.model)?.model || "";
      const shown = pictures.filter((one) => one.kind === "original" || one.model === model);
      panes = [...new Set([...shown, left])].map((one) => pane(one));
    } else {
      panes = [pane(left, "A"), pane(right, "B")];
    }
    stage.replaceChildren(...panes.map(({ box }) => box));
    if (mode === "slider") stage.append(handle());
    zoom.panels = panes;
    divide();
    zoom.place();
  }

  function handle() {
    const bar = h("span", { class: "handle", "aria-hidden": "true" });
    bar.addEventListener("pointerdown", (event) => {
      event.stopPropagation(); // the picture stays where it is
      bar.setPointerCapture(event.pointerId);
    });
    bar.addEventListener("pointermove", (event) => {
      if (!bar.hasPointerCapture(event.pointerId)) return;
      const { left, width } = stage.getBoundingClientRect();
      share.value = String((100 * (event.clientX - left)) / width);
      divide();
    });
    for (const type of ["touchstart", "touchmove"]) {
      bar.addEventListener(type, (event) => event.stopPropagation(), { passive: true });
    }
    return bar;
  }

  /** The slider's or the blend's share: A is left, or below; B right, or above. */
  function divide() {
    const value = Number(share.value);
    share.hidden = part("share-label").hidden = mode === "side";
    if (mode === "side") return;
    const [left, right] = panes;
    const slides = mode === "slider";
    left.box.style.clipPath = slides ? `inset(0 ${100 - value}% 0 0)` : "";
    right.box.style.clipPath = slides ? `inset(0 0 0 ${value}%)` : "";
    right.layer.style.opacity = String(mode === "blend" ? value / 100 : 1);
    /** @type {HTMLElement | null} */
    const bar = stage.querySelector(".handle");
    if (bar) bar.style.left = `${value}%`;
  }

  // ---- where one looks

  /** As many columns as show the panes largest. */
  function arrange() {
    const { width, height } = stage.getBoundingClientRect();
    const count = panes.length;
    const scale = (/** @type {number} */ columns) =>
      Math.min(width / columns / zoom.size[0], height / Math.ceil(count / columns) / zoom.size[1]);
    const best = panes.map((_, i) => i + 1).reduce((x, y) => (scale(y) > scale(x) ? y : x));
    stage.style.gridTemplateColumns = `repeat(${best}, minmax(0, 1fr))`;
    stage.style.gridAutoRows = `${100 / Math.ceil(count / best)}%`;
  }

  function changed() {
    part("zoom").textContent = `${zoom.percent} %`;
    const { x, y, scale } = zoom.looking();
    const at = zoom.view ? `${Math.round(x)},${Math.round(y)},${scale.toFixed(3)}` : "";
    if (dialog.open) address.write({ at });
  }

  /** Bring a point's region to the middle, with as much again around it, but never see the picture
   * smaller than whole. @param {string} id */
  function visit(id) {
    /** @type {HTMLElement | null} */
    const item = points.querySelector(`[data-point="${CSS.escape(id)}"]`);
    if (!item) return;
    const [x, y, width, height] = (item.dataset.box ?? "").split(",").map(Number);
    const { clientWidth, clientHeight } = panes[0].box;
    const close = Math.min(clientWidth / (3 * width + 24), clientHeight / (3 * height + 24));
    const scale = Math.min(16, Math.max(close, zoom.fitting()));
    for (const other of dialog.querySelectorAll("[data-point]")) {
      other.toggleAttribute("data-current", other.getAttribute("data-point") === id);
    }
    zoom.look({ x: x + width / 2, y: y + height / 2, scale });
    address.write({ point: id });
  }

  // ---- open, next, close

  /** @param {HTMLElement} element @param {Wanted} [wanted] */
  function open(element, wanted = {}) {
    const all = picturesOf(element);
    if (!all.length) return;
    const fresh = !dialog.open;
    article = element;
    pictures = all;
    const [width, height] = (element.dataset.size ?? "1x1").split("x").map(Number);
    zoom.size = [width, height];
    mode = wanted.mode || (fresh ? "side" : mode);
    fillChoices(wanted);
    part("title").textContent = language.in(element.querySelector("h3"));
    const list = element.querySelector(".points");
    points.replaceChildren(...(list ? [list.cloneNode(true)] : []));
    part("no-points").hidden = Boolean(list) || element.matches(".pair");
    for (const radio of modes) radio.checked = radio.value === mode;
    if (fresh) {
      opener = /** @type {HTMLElement | null} */ (document.activeElement);
      zoom.view = null;
      dialog.showModal();
    }
    address.write({ view: element.id, case: "", mode: mode === "side" ? "" : mode, point: "" });
    const [x, y, scale] = (wanted.at ?? "").split(",").map(Number);
    show();
    const view = scale > 0 ? { x, y, scale } : zoom.view;
    if (view) zoom.look(view); // within this picture, too
    if (wanted.point) visit(wanted.point);
    const shown = shownCases();
    part("count").textContent = `${shown.indexOf(element) + 1} / ${shown.length}`;
  }

  /** @param {1 | -1} by */
  function step(by) {
    const shown = shownCases().filter((one) => one.querySelector(":is(.panel, .tile) img"));
    const at = article ? shown.indexOf(article) : 0;
    if (shown.length) open(shown[(at + by + shown.length) % shown.length]);
  }

  function changeShown() {
    address.write({ a: a.value, b: b.value, mode: mode === "side" ? "" : mode });
    show();
  }

  dialog.addEventListener("close", () => {
    const back = article;
    address.write({ view: "", a: "", b: "", mode: "", at: "", point: "", case: back?.id ?? "" });
    stage.replaceChildren();
    panes = zoom.panels = [];
    /** @type {HTMLElement | null} */
    const link = back?.querySelector(":is(.panel, .tile) a") ?? opener;
    link?.focus({ preventScroll: true });
    if (back && back !== opener?.closest("article.case")) settle(back);
  });

  // ---- hands

  dialog.addEventListener("click", (event) => {
    const target = /** @type {Element} */ (event.target);
    const command = target.closest("[data-do]")?.getAttribute("data-do");
    if (command === "close") dialog.close();
    else if (command === "next") step(1);
    else if (command === "previous") step(-1);
    else if (command === "in") zoom.step(1);
    else if (command === "out") zoom.step(-1);
    else if (command === "one") zoom.zoom(1 / devicePixelRatio);
    else if (command === "fit") zoom.fit();
    const point = target.closest("[data-point]");
    if (point && !(zoom.moved && stage.contains(point))) {
      event.preventDefault();
      visit(point.getAttribute("data-point") ?? "");
    }
  });
  for (const radio of modes) {
    radio.addEventListener("change", () => {
      mode = radio.value;
      // Two of the same are nothing to compare: the original then is the other.
      if (mode !== "side" && a.value === b.value) a.value = pictures[0].key;
      changeShown();
    });
  }
  for (const choice of [a, b]) choice.addEventListener("change", changeShown);
  share.addEventListener("input", divide);
  part("regions").addEventListener("change", ({ target }) => {
    const { checked } = /** @type {HTMLInputElement} */ (target);
    dialog.classList.toggle("without-regions", !checked);
  });
  dialog.addEventListener("keydown", (event) => {
    const arrow = event.key.startsWith("Arrow");
    const { target } = event;
    if (
      arrow &&
      target instanceof Element &&
      target.matches("select, [type=range], [type=radio]")
    ) {
      return;
    }
    if (!arrow || event.shiftKey) zoom.key(event);
    else if (!event.ctrlKey && !event.metaKey && !event.altKey) {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      step(event.key === "ArrowRight" ? 1 : -1);
      event.preventDefault();
    }
  });

  return open;
}

/**
 * Scroll to a case until it stays. What was never seen is laid out with a height that is guessed:
 * once the cases before this one come into view, they push it away.
 * @param {HTMLElement} article
 */
function settle(article) {
  let [before, still, frames] = [Number.NaN, 0, 60];
  const frame = () => {
    article.scrollIntoView({ block: "start", behavior: "instant" });
    const { top } = article.getBoundingClientRect();
    still = Math.abs(top - before) < 1 ? still + 1 : 0;
    before = top;
    if (still < SETTLED && frames--) requestAnimationFrame(frame);
  };
  frame();
}

/** @param {HTMLImageElement} image @param {string} alt */
function greyOf(image, alt) {
  const grey = /** @type {HTMLCanvasElement} */ (picture("alpha", { result: image }));
  grey.setAttribute("role", "img");
  grey.setAttribute("aria-label", alt);
  return grey;
}
