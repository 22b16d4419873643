// Pictures that are made of others, pixel by pixel: a cut-out of the original and its alpha, alpha
// as grey, the error of alpha. What only draws works with files beside the page too, whose pixels
// a script may not read; a cut-out is put together only of pictures within the page, and those it
// may.

import { h } from "./dom.js";

/** @typedef {HTMLImageElement | HTMLCanvasElement} Drawable */
/**
 * @typedef {object} Parts
 * @property {Drawable | null} [original]
 * @property {Drawable | null} [alpha] grey
 * @property {Drawable | null} [result] a cut-out with its alpha
 * @property {Drawable | null} [truth] grey
 */

// Of an error: grey from 170 to 240 by the truth, orange where alpha is too opaque and purple where it
// is too transparent, as rmbg_eval.run.plots has them, full from a difference of 0.5.
const [GREY, RANGE, OVER, UNDER] = ["#aaaaaa", "#464646", "#d55e00", "#542788"];

/** @param {Drawable} picture @returns {[number, number]} its own width and height */
export const sizeOf = (picture) =>
  picture instanceof HTMLImageElement
    ? [picture.naturalWidth, picture.naturalHeight]
    : [picture.width, picture.height];

/** @param {[number, number]} size @param {boolean} [read] whether pixels are read from it */
function drawing([width, height], read = false) {
  const canvas = h("canvas", { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: read });
  if (!context) throw new RangeError("larger than this browser's canvas");
  /** @param {GlobalCompositeOperation} how @param {Drawable | string} what a picture or a colour */
  const draw = (how, what) => {
    context.globalCompositeOperation = how;
    if (typeof what === "string") {
      context.fillStyle = what;
      context.fillRect(0, 0, width, height);
    } else context.drawImage(what, 0, 0, width, height);
  };
  return { canvas, context, draw };
}

/** Red, green, blue and alpha of each pixel. @param {Drawable} picture */
export function pixelsOf(picture) {
  const { context, draw } = drawing(sizeOf(picture), true);
  draw("copy", picture);
  return context.getImageData(0, 0, ...sizeOf(picture));
}

/** @param {Drawable} picture */
export function copyOf(picture) {
  const copy = /** @type {Drawable} */ (picture.cloneNode());
  if (copy instanceof HTMLCanvasElement) copy.getContext("2d")?.drawImage(picture, 0, 0);
  return copy;
}

/** A part of a picture. @param {Drawable} picture @param {number[]} box left, top, width, height */
export function part(picture, [left, top, width, height]) {
  const { canvas, context } = drawing([width, height]);
  context.drawImage(picture, left, top, width, height, 0, 0, width, height);
  return canvas;
}

/** The original under an alpha that is a grey picture of the same size.
 * @param {Drawable} original @param {Drawable} alpha */
function cutOut(original, alpha) {
  const { canvas, context, draw } = drawing(sizeOf(alpha), true);
  const mask = pixelsOf(alpha);
  for (let i = 0; i < mask.data.length; i += 4) mask.data[i + 3] = mask.data[i];
  context.putImageData(mask, 0, 0);
  draw("source-in", original);
  return canvas;
}

/** Alpha of a cut-out as grey. @param {Drawable} result */
function greyOf(result) {
  const { canvas, draw } = drawing(sizeOf(result));
  draw("copy", result);
  draw("source-in", "#fff");
  draw("destination-over", "#000");
  return canvas;
}

/** How far `a` is above `b`, twice: 255 from a difference of a half on. @param {Drawable} a @param {Drawable} b */
function above(a, b) {
  const { canvas, draw } = drawing(sizeOf(a));
  draw("copy", b);
  draw("darken", a);
  draw("difference", a);
  draw("lighter", canvas);
  return canvas;
}

/** @param {Drawable} alpha grey @param {Drawable} truth grey */
function errorOf(alpha, truth) {
  const size = sizeOf(alpha);
  const { canvas, draw } = drawing(size);
  draw("copy", truth);
  draw("multiply", RANGE);
  draw("lighter", GREY);
  for (const [colour, strength] of /** @type {const} */ ([
    [OVER, above(alpha, truth)],
    [UNDER, above(truth, alpha)],
  ])) {
    const rest = drawing(size); // of the grey, under the colour
    rest.draw("copy", "#fff");
    rest.draw("difference", strength);
    const tint = drawing(size);
    tint.draw("copy", strength);
    tint.draw("multiply", colour);
    draw("multiply", rest.canvas);
    draw("lighter", tint.canvas);
  }
  return canvas;
}

/**
 * A picture of this kind, of what there is to make it of; null where that is not enough.
 * @param {"result" | "alpha" | "error"} kind
 * @param {Parts} parts loaded pictures
 * @returns {Drawable | null}
 */
export function picture(kind, { original, alpha, result, truth }) {
  if (kind === "result") return result ?? (original && alpha ? cutOut(original, alpha) : null);
  const grey = alpha ?? (result && greyOf(result));
  if (kind === "alpha") return grey ?? null;
  return grey && truth ? errorOf(grey, truth) : null;
}

/** A copy of a picture on a canvas of this size. @param {Drawable} picture @param {number[]} size */
export function pixelled(picture, [width, height]) {
  const { canvas, draw } = drawing([width, height]);
  draw("copy", picture);
  return canvas;
}
