// Pictures that are asked for by the path of their file: in a page that is one file they lie at its
// end, and beside any other.

import { allIn } from "./dom.js";

/** @type {Map<string, string> | null} */
let stored = null;

function store() {
  if (stored) return stored;
  stored = new Map();
  const template = /** @type {HTMLTemplateElement | null} */ (document.getElementById("files"));
  for (const image of template ? allIn(template.content, "img[data-file]") : []) {
    stored.set(image.dataset.file ?? "", image.getAttribute("src") ?? "");
  }
  return stored;
}

/** The address of a picture. @param {string} path as in data-full, data-alpha and data-edge */
export const file = (path) => store().get(path) ?? path;

/**
 * A picture, ready to be drawn. It is rejected where there is none at the address.
 * @param {string} path
 * @returns {Promise<HTMLImageElement>}
 */
export async function load(path) {
  const image = new Image();
  image.src = file(path);
  await image.decode();
  return image;
}
