// The contact sheet: what its cells show and how large, the original in place, the row that one is
// at, and keys.

import { address } from "./address.js";
import { allIn, h } from "./dom.js";
import { file, load } from "./files.js";
import { copyOf, part, picture } from "./pixels.js";
import { complete, nearby, pictureSize, shownRows } from "./rows.js";
import { fullOf, once } from "./sources.js";

const root = document.documentElement;
const PRINT_HEIGHT = 256; // pixels of a picture on paper, where it is 150 px × 0.85 high
const CELLS = /** @type {const} */ ({ r: "result", a: "alpha", e: "error", h: "edge", t: "truth" });
const SIZES = ["s", "m", "l"];
const NARROW = "(max-width: 640px)";
const PHONE = matchMedia(NARROW);
const ONLY = new CSSStyleSheet(); // the model that a phone shows

/**
 * @typedef {object} Hands what the sheet asks of the rest of the page
 * @property {(article: HTMLElement) => void} open
 * @property {(model: string) => void} by put a model's worst cases first
 */

/** Make the sheet work, if there is one. @param {Hands} hands */
export function sheet({ open, by }) {
  const bar = document.getElementById("bar");
  if (!bar) return;
  let cells = "result";
  let held = false; // O: the originals are in place of the results

  // ---- what a cell shows

  const tiles = (/** @type {HTMLElement} */ article) => allIn(article, "figure.tile");
  const imageOf = (/** @type {HTMLElement | null | undefined} */ tile) =>
    /** @type {HTMLImageElement | null} */ (
      tile?.querySelector("a > img:not(.over, .crop)") ?? null
    );

  /** @param {HTMLElement} article */
  function draw(article) {
    if (article.dataset.drawn === cells) return;
    article.dataset.drawn = cells;
    const all = tiles(article);
    const truth = all.find((tile) => tile.dataset.kind === "truth");
    for (const tile of all) {
      const link = tile.querySelector("a");
      for (const old of tile.querySelectorAll("a :is(canvas, .crop, .over, .tag)")) old.remove();
      tile.classList.remove("drawn");
      const { kind, edge } = tile.dataset;
      if (kind === "truth") tile.hidden = cells !== "truth";
      if (kind === "original") tile.hidden = cells === "truth" && Boolean(truth);
      if (!link || cells === "result") continue;
      const lacks = { error: "result", truth: "original" }[/** @type {string} */ (cells)] === kind;
      const tag = !truth && lacks && article.querySelector(".facts .tag");
      if (tag) link.append(tag.cloneNode(true));
      if (cells === "edge") {
        if (edge) put(tile, link, h("img", { class: "crop", src: file(edge), alt: "" }));
        else if (kind !== "truth") cut(tile, link, article);
      } else if (kind === "result") paint(tile, link, truth);
    }
  }

  /** @param {HTMLElement} tile @param {Element} link @param {HTMLElement} [truth] */
  async function paint(tile, link, truth) {
    const wanted = cells;
    const [result, grey] = [imageOf(tile), imageOf(truth)];
    if (!result || (wanted === "error" && !grey)) return;
    try {
      // Copies: one that is not displayed is never decoded where it is.
      const [own, other] = await Promise.all([load(result.src), grey && load(grey.src)]);
      const kind = wanted === "error" ? "error" : "alpha";
      const drawn = picture(kind, { result: own, truth: other });
      if (drawn && wanted === cells && !link.querySelector("canvas")) put(tile, link, drawn);
    } catch {} // the result stays, which is not drawn from anything
  }

  /** @type {Map<string, Promise<HTMLCanvasElement>>} */
  const edges = new Map();

  /** The hardest edge, cut from pictures at full size. @param {HTMLElement} tile @param {Element} link
   * @param {HTMLElement} article */
  async function cut(tile, link, article) {
    const box = article.dataset.region?.split(",").map(Number);
    const original = article.querySelector('figure[data-kind="original"]');
    if (!box || !(original instanceof HTMLElement)) return;
    const of = (/** @type {string} */ path) =>
      once(edges, path, () => load(path).then((image) => part(image, box)));
    const { alpha } = tile.dataset;
    const whole = fullOf(tile);
    try {
      const drawn =
        alpha && !whole
          ? picture("result", { original: await of(fullOf(original)), alpha: await of(alpha) })
          : copyOf(await of(whole));
      if (!drawn || cells !== "edge" || link.querySelector(".crop")) return;
      drawn.classList.add("crop");
      put(tile, link, drawn);
    } catch {} // the result stays
  }

  /** @param {HTMLElement} tile @param {Element} link @param {HTMLElement} drawn */
  function put(tile, link, drawn) {
    drawn.setAttribute("aria-hidden", "true"); // the result beneath has the words
    link.append(drawn);
    tile.classList.add("drawn");
  }

  nearby.each((article) => {
    draw(article);
    if (article.style.getPropertyValue("--ratio")) return;
    const [width, height] = pictureSize(article);
    article.style.setProperty("--ratio", String(width / height));
    const thumb = article.querySelector(".tile img")?.getAttribute("width");
    if (thumb) article.style.setProperty("--wide", `${thumb}px`);
  });

  // ---- the original in place

  /** @param {HTMLElement} tile */
  function cover(tile) {
    const original = tile.closest("article")?.querySelector('figure[data-kind="original"]');
    const link = tile.querySelector("a");
    const image = imageOf(/** @type {HTMLElement | null} */ (original));
    if (!link || !image || link.querySelector(".over")) return;
    /** @type {import("./pixels.js").Drawable | null | undefined} */
    const edge = cells === "edge" ? original?.querySelector(".crop") : null;
    const over = edge ? copyOf(edge) : h("img", { src: image.src, alt: "" });
    over.setAttribute("class", "over");
    link.append(over);
  }
  const uncover = (/** @type {HTMLElement} */ tile) => tile.querySelector(".over")?.remove();
  const resultAt = (/** @type {Event} */ { target }) =>
    /** @type {HTMLElement | null} */ (
      target instanceof Element
        ? (target.closest("figure.tile > a")?.closest('figure[data-kind="result"]') ?? null)
        : null
    );
  /** @type {HTMLElement | null} */
  let dismissed = null; // by Escape, until the pointer is elsewhere
  document.addEventListener("pointerover", (event) => {
    const tile = event.pointerType === "mouse" ? resultAt(event) : null;
    if (tile !== dismissed) dismissed = null;
    // Not by a selector: that would look through the whole page at every move.
    for (const over of held ? [] : [...document.getElementsByClassName("over")]) {
      if (over.closest("figure") !== tile) over.remove();
    }
    if (tile && tile !== dismissed) cover(tile);
  });
  function hold(/** @type {boolean} */ on) {
    held = on;
    for (const article of nearby.rows) {
      for (const tile of tiles(article)) {
        if (tile.dataset.kind === "result") (on ? cover : uncover)(tile);
      }
    }
  }

  // ---- print: a file would hold every picture as large as it is, and without loss

  // What the page itself holds is there at once, and has to be before one prints.
  addEventListener("load", () => {
    for (const image of document.images) {
      if (image.src.startsWith("data:")) image.loading = "eager";
    }
  });
  addEventListener("beforeprint", () => {
    for (const row of shownRows()) complete(row);
    /** @type {HTMLImageElement[]} */
    const images = allIn(document, ".tile:not([hidden]) a > img:not(.over)");
    for (const image of images) {
      const { naturalWidth, naturalHeight, complete } = image;
      if (!complete || naturalHeight <= PRINT_HEIGHT) continue;
      const width = Math.round((naturalWidth * PRINT_HEIGHT) / naturalHeight);
      const small = new OffscreenCanvas(width, PRINT_HEIGHT);
      const context = small.getContext("2d");
      if (!context) continue;
      context.imageSmoothingQuality = "high";
      context.drawImage(image, 0, 0, width, PRINT_HEIGHT);
      // A canvas is printed by drawing again what was drawn on it: here what is small already.
      const canvas = h("canvas", { class: "print", width, height: PRINT_HEIGHT });
      canvas.getContext("bitmaprenderer")?.transferFromImageBitmap(small.transferToImageBitmap());
      image.after(canvas);
    }
  });
  addEventListener("afterprint", () => {
    for (const canvas of document.querySelectorAll("canvas.print")) canvas.remove();
  });

  // ---- controls

  /** @param {string} name @param {string} value */
  function choose(name, value) {
    const radio = /** @type {HTMLInputElement | null} */ (
      bar?.querySelector(`[name="${name}"][value="${value}"]`)
    );
    if (radio) radio.checked = true;
    if (name === "cells" && radio) {
      cells = root.dataset.cells = value;
      for (const article of nearby.rows) draw(article);
    } else if (name === "size" && radio) resize(value);
    else return;
    address.write({ [name]: value === "result" || value === "m" ? "" : value });
  }
  /** Another size: the first row in sight stays where it is. @param {string} size */
  function resize(size) {
    const shown = shownRows();
    const first = shown[firstInSight(shown)];
    const { top = 0 } = first?.getBoundingClientRect() ?? {};
    root.dataset.size = size;
    if (first && top < innerHeight && scrollY) settle(first, top);
  }
  bar.addEventListener("change", ({ target }) => {
    const { name, value } = /** @type {HTMLInputElement} */ (target);
    choose(name, value);
  });
  const wanted = address.read();
  if (wanted.cells) choose("cells", wanted.cells);
  if (wanted.size) choose("size", wanted.size);

  // Where only one model fits beside the original, its name chooses it; elsewhere it puts the cases
  // in order.
  const heads = allIn(bar, ".head[data-model]");
  function only(/** @type {string | undefined} */ model) {
    for (const head of heads) {
      const own = head.dataset.model === model;
      head.querySelector("button")?.setAttribute("aria-current", String(own));
    }
    const others = `.rmbg .tile[data-model]:not([data-model="${CSS.escape(model ?? "")}"])`;
    ONLY.replaceSync(`@media ${NARROW} { ${others} { display: none; } }`);
  }
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, ONLY];
  for (const head of heads) {
    const button = h("button", { type: "button" });
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const model = head.dataset.model ?? "";
      if (PHONE.matches) only(model);
      else by(model);
    });
  }
  only(heads[0]?.dataset.model);

  // ---- keys

  /** @type {HTMLElement | null} */
  let current = null;
  /** @param {1 | -1} way */
  function move(way) {
    const shown = shownRows();
    const at = current ? shown.indexOf(current) : -1;
    const next = shown[at < 0 ? firstInSight(shown) : at + way];
    if (!next) return;
    current?.classList.remove("current");
    current = next;
    current.classList.add("current");
    settle(current);
    current.querySelector("a")?.focus({ preventScroll: true });
  }

  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]")) return;
    const element = /** @type {HTMLElement} */ (target);
    if (element.matches("[name=q]") && key === "Escape") return element.blur();
    const writes = "input:not([type=radio], [type=checkbox]), textarea, [contenteditable]";
    if (element.matches(writes)) return;
    const low = key.toLowerCase();
    if (element.matches("select") && key.length === 1) return; // it goes to what begins so
    if (low in CELLS) choose("cells", CELLS[/** @type {keyof typeof CELLS} */ (low)]);
    else if (SIZES.includes(low)) choose("size", low);
    else if (low === "o" && !event.repeat) hold(true);
    else if (key === "Escape") {
      dismissed = document.querySelector("figure.tile:has(.over):hover");
      if (dismissed && !held) uncover(dismissed);
    } else if (low === "j") move(1);
    else if (low === "k") move(-1);
    else if (key === "/") /** @type {HTMLElement} */ (bar.querySelector("[name=q]")).focus();
    else if (
      key === "Enter" &&
      current?.checkVisibility() &&
      (element === document.body || element.closest("h3"))
    )
      open(current);
    else return;
    event.preventDefault();
  });
  document.addEventListener("keyup", ({ key }) => key.toLowerCase() === "o" && hold(false));
  addEventListener("blur", () => hold(false));
}

/** @param {HTMLElement[]} articles */
function firstInSight(articles) {
  const at = articles.findIndex((article) => article.getBoundingClientRect().bottom > 120);
  return Math.max(0, at);
}

/** Scroll to a row until it stays: one that was never seen is laid out with a height that is guessed,
 * and once those before it come into view, they push it away. @param {HTMLElement} article
 * @param {number} [at] where its upper edge is to be in the window; else below the bar */
export function settle(article, at) {
  let [before, still, frames] = [Number.NaN, 0, 60];
  const frame = () => {
    if (at === undefined) article.scrollIntoView({ block: "start", behavior: "instant" });
    else scrollBy({ top: article.getBoundingClientRect().top - at, behavior: "instant" });
    const { top } = article.getBoundingClientRect();
    still = Math.abs(top - before) < 1 ? still + 1 : 0;
    before = top;
    if (still < 3 && frames--) requestAnimationFrame(frame);
  };
  frame();
}
