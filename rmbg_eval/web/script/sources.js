// The figures of a case, and the picture of each at full size: what the viewer, the review and the
// vote look at.

import { allIn } from "./dom.js";
import { load } from "./files.js";
import { copyOf, picture, sizeOf } from "./pixels.js";
import { complete } from "./rows.js";

const SHOWN = ["original", "result", "truth", "base", "new", "difference"];

/** @typedef {{ kind: string, model: string, tile: HTMLElement, image: HTMLImageElement }} Source a figure of the page */
/** @typedef {import("./pixels.js").Drawable} Drawable */

/** @param {HTMLElement} article @returns {Source[]} */
export function sourcesOf(article) {
  return allIn(complete(article), "figure.tile[data-kind]").flatMap((tile) => {
    const image = tile.querySelector("img");
    const { kind = "", model = "" } = tile.dataset;
    return image && SHOWN.includes(kind) ? [{ kind, model, tile, image }] : [];
  });
}

/**
 * A picture at full size, loaded or made; null where there is not enough to make it of.
 * @param {Source[]} sources all of the case
 * @param {Source} source
 * @param {string} kind of it: original, result, alpha, truth, error…
 * @returns {Promise<Drawable | null>}
 */
export async function whole(sources, { kind: own, tile, image }, kind) {
  const by = (/** @type {string} */ name) => sources.find((source) => source.kind === name);
  const { alpha } = tile.dataset;
  const full = fullOf(tile);
  const [of, matte] = [by("original"), by("truth")];
  if (own === "result" && (kind === "alpha" || kind === "error")) {
    const grey = alpha ? { alpha: await load(alpha) } : { result: await load(full || image.src) };
    if (kind === "alpha") return picture(kind, grey);
    return matte ? picture(kind, { ...grey, truth: await load(addressOf(matte)) }) : null;
  }
  if (own !== "result" || full || !alpha) return load(full || image.src);
  const original = of && (await load(addressOf(of)));
  return picture("result", { original, alpha: await load(alpha) });
}

/** What is made once for each key. @template K, V @param {Map<K, V>} made @param {K} key
 * @param {() => V} make @returns {V} */
export function once(made, key, make) {
  const there = made.get(key) ?? make();
  made.set(key, there);
  return there;
}

/** A case's original, or a model's result. @param {Source[]} sources @param {string | null} model
 *   null: the original */
export const sourceBy = (sources, model) =>
  sources.find((source) =>
    model === null
      ? source.kind === "original"
      : source.kind === "result" && source.model === model,
  );

/** The same at full size; null where it cannot be loaded. @param {HTMLElement | null} article
 * @param {string | null} model */
export async function pictureBy(article, model) {
  const sources = article ? sourcesOf(article) : [];
  const source = sourceBy(sources, model);
  return source ? whole(sources, source, source.kind).catch(() => null) : null;
}

/** Show a picture at full size, in place of the small one in its layer. @param {HTMLElement} layer
 * @param {Drawable} full @param {string} words what it shows */
export function showFull(layer, full, words) {
  const shown = full.isConnected ? copyOf(full) : full;
  shown.setAttribute("role", "img");
  shown.setAttribute("aria-label", words);
  shown.setAttribute("draggable", "false");
  layer.querySelector("img, canvas")?.remove();
  layer.prepend(shown);
  layer.dataset.loaded = sizeOf(full).join("×");
}

/** @param {Source} source */
const addressOf = ({ tile, image }) => fullOf(tile) || image.src;

/** Where a tile's picture at full size is: where its link leads, if that is a file and no other is
 * named. @param {HTMLElement} tile */
export function fullOf(tile) {
  const link = tile.querySelector("a")?.getAttribute("href") ?? "";
  return tile.dataset.full ?? (link.startsWith("#") ? "" : link);
}

/**
 * As many columns as show so many panes largest, of whole pixels, so that every pane shows the same
 * place alike.
 * @param {HTMLElement} stage @param {number} count @param {number[]} size of the picture
 */
export function arrange(stage, count, size) {
  const gap = 1; // CSS pixels between panes
  const { width, height } = stage.getBoundingClientRect();
  const scale = (/** @type {number} */ columns) =>
    Math.min(width / columns / size[0], height / Math.ceil(count / columns) / size[1]);
  let best = 1;
  for (let columns = 2; columns <= count; columns++) {
    if (scale(columns) > scale(best)) best = columns;
  }
  const pixels = (/** @type {number} */ length, /** @type {number} */ parts) =>
    Math.max(1, Math.floor((length - (parts - 1) * gap) / parts));
  stage.style.gridTemplateColumns = `repeat(${best}, ${pixels(width, best)}px)`;
  stage.style.gridAutoRows = `${pixels(height, Math.ceil(count / best))}px`;
}
