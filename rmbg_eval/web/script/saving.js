// Cut-outs as files: where one lies beside the page, a link to it; else what the page has of it, put
// together into a PNG.

import { download, h } from "./dom.js";
import { file, load } from "./files.js";
import { pixelsOf } from "./pixels.js";
import { png } from "./png.js";
import { fullOf } from "./sources.js";

/** @typedef {import("./sources.js").Source} Source */

/** What a case's files are called. @param {HTMLElement | null} article */
export const caseName = (article) =>
  (article?.querySelector(".facts")?.textContent ?? "")
    .split(" · ")[0]
    .trim()
    .replace(/[^\p{L}\p{N}._-]+/gu, "-") || "cut-out";

/** A row for each model: what saves its cut-out, and where that lies.
 * @param {Source[]} results @param {string} name of the case @param {string} word on the button */
export function saveRows(results, name, word) {
  return results.map(({ model, tile }) => {
    const whole = fullOf(tile);
    const { alpha, cutout = whole } = tile.dataset;
    const own = `${name}-${model}.png`;
    const beside = /\.png$/.test(whole) && file(whole) === whole;
    const save = beside
      ? h("a", { href: whole, download: own }, word)
      : h("button", { type: "button", "data-save": model, "data-name": own }, word);
    const can = beside || alpha || whole;
    return h(
      "li",
      {},
      h("span", { class: "model" }, model),
      ...(can ? [save] : []),
      ...(cutout && !beside ? [h("small", {}, decodeURI(cutout))] : []),
    );
  });
}

/** @param {Source} result @param {Source | undefined} original @param {string} name */
export async function saveCutout({ tile }, original, name) {
  const { alpha } = tile.dataset;
  const whole = fullOf(tile) || (original && fullOf(original.tile)) || original?.image.src;
  const image = pixelsOf(await load(whole ?? ""));
  if (alpha) {
    const grey = pixelsOf(await load(alpha)).data;
    for (let i = 0; i < grey.length; i += 4) {
      image.data[i + 3] = grey[i];
      if (!grey[i]) image.data.fill(0, i, i + 3);
    }
  }
  download(await png(image), name);
}
