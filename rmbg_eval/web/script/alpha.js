// What a cut-out's alpha says: its histogram, its course along a line.

import { pixelsOf } from "./pixels.js";
import { svg } from "./svg.js";
import { within } from "./zoom.js";

/** @typedef {{ distance: number, alpha: number }[]} Course alpha along a line, by its pixels */

export class AlphaMap {
  /** @type {Float64Array | null} */
  #counts = null;

  /**
   * Of a finished cut-out's picture element. Canvas keeps alpha to the bit, whatever it does to
   * colours under it.
   * @param {HTMLImageElement} image
   */
  constructor(image) {
    const { width, height, data } = pixelsOf(image);
    this.width = width;
    this.height = height;
    this.alpha = new Uint8Array(width * height);
    for (let i = 0, j = 3; i < this.alpha.length; i++, j += 4) this.alpha[i] = data[j];
  }

  /** How many pixels have each of the 256 values. */
  histogram() {
    if (!this.#counts) {
      this.#counts = new Float64Array(256);
      for (const value of this.alpha) this.#counts[value]++;
    }
    return this.#counts;
  }

  /**
   * Alpha in [0, 1] at x, y (pixel centres at .5), bilinear; as rmbg_eval samples its lines.
   * @param {number} x
   * @param {number} y
   */
  at(x, y) {
    const u = within(x - 0.5, 0, this.width - 1);
    const v = within(y - 0.5, 0, this.height - 1);
    const left = Math.floor(u);
    const top = Math.floor(v);
    const right = Math.min(left + 1, this.width - 1);
    const bottom = Math.min(top + 1, this.height - 1);
    const pixel = (/** @type {number} */ column, /** @type {number} */ row) =>
      this.alpha[row * this.width + column];
    const upper = pixel(left, top) + (u - left) * (pixel(right, top) - pixel(left, top));
    const lower = pixel(left, bottom) + (u - left) * (pixel(right, bottom) - pixel(left, bottom));
    return (upper + (v - top) * (lower - upper)) / 255;
  }

  /** Alpha every half pixel along a line. @param {import("./zoom.js").Line} line */
  profile([x1, y1, x2, y2]) {
    const length = Math.hypot(x2 - x1, y2 - y1);
    const steps = Math.max(1, Math.ceil(length * 2));
    /** @type {Course} */
    const values = [];
    for (let i = 0; i <= steps; i++) {
      const t = i / steps;
      values.push({ distance: t * length, alpha: this.at(x1 + t * (x2 - x1), y1 + t * (y2 - y1)) });
    }
    return values;
  }
}

/**
 * Pixels from where alpha last leaves 0.92 to where it first reaches 0.08 after that, as
 * rmbg_eval.measure.places.band_width has it; null where it does not fall that far. A line that was
 * drawn from outside to inside is read the other way round.
 * @param {Course} profile
 */
export function softBand(profile) {
  const length = lengthOf(profile);
  const turned = () =>
    profile.map(({ distance, alpha }) => ({ distance: length - distance, alpha })).reverse();
  const course = profile[0].alpha >= profile[profile.length - 1].alpha ? profile : turned();
  const solid = course.findIndex(({ alpha }) => alpha >= 0.92);
  const end = course.findIndex(({ alpha }, index) => index > solid && alpha <= 0.08);
  if (solid < 0 || end < 0) return null;
  const start = course.findLastIndex(({ alpha }, index) => index < end && alpha >= 0.92);
  const crossing = (/** @type {number} */ index, /** @type {number} */ level) => {
    const [a, b] = [course[index], course[index + 1]];
    const share = a.alpha === b.alpha ? 0 : (a.alpha - level) / (a.alpha - b.alpha);
    return a.distance + within(share, 0, 1) * (b.distance - a.distance);
  };
  return crossing(end - 1, 0.08) - crossing(start, 0.92);
}

/** @param {Course} course */
const lengthOf = (course) => course[course.length - 1].distance;

const PLOT = { width: 560, height: 180, left: 34, right: 8, top: 10, bottom: 24 };

/** @param {string} label @param {{ y: number, text: string }[]} marks */
function frame(label, marks) {
  const { width, height, left, right, top, bottom } = PLOT;
  const plot = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  for (const { y, text } of marks) {
    const at = top + (1 - y) * (height - top - bottom);
    plot.append(
      svg("line", { x1: left, x2: width - right, y1: at, y2: at, class: "rx-grid" }),
      svg("text", { x: left - 6, y: at + 4, "text-anchor": "end", class: "rx-tick" }, text),
    );
  }
  return plot;
}

/** The courses of alpha along one line. @param {string} label @param {Course[]} courses */
export function profilePlot(label, courses) {
  const { width, height, left, right, top, bottom } = PLOT;
  const plot = frame(label, [
    { y: 1, text: "1" },
    { y: 0.92, text: "" },
    { y: 0.5, text: "0.5" },
    { y: 0.08, text: "" },
    { y: 0, text: "0" },
  ]);
  const length = lengthOf(courses[0]) || 1;
  courses.forEach((values, number) => {
    const points = values.map(({ distance, alpha }) => {
      const x = left + (distance / length) * (width - left - right);
      return `${x.toFixed(1)},${(top + (1 - alpha) * (height - top - bottom)).toFixed(1)}`;
    });
    plot.append(
      svg("polyline", { points: points.join(" "), class: `rx-course rx-course-${number}` }),
    );
  });
  plot.append(
    svg("text", { x: left, y: height - 6, class: "rx-tick" }, "0"),
    svg(
      "text",
      { x: width - right, y: height - 6, "text-anchor": "end", class: "rx-tick" },
      `${length.toFixed(1)} px`,
    ),
  );
  return plot;
}

/**
 * Counts by value, on a logarithmic scale: 0 and 1 have nearly all the pixels.
 * @param {string} label
 * @param {AlphaMap[]} maps
 */
export function histogramPlot(label, maps) {
  const { width, height, left, right, top, bottom } = PLOT;
  const most = Math.max(...maps.flatMap((map) => [...map.histogram()]), 1);
  const scaled = (/** @type {number} */ count) =>
    count ? Math.log10(count + 1) / Math.log10(most + 1) : 0;
  const plot = frame(label, []);
  const wide = (width - left - right) / 256;
  maps.forEach((map, number) => {
    const counts = map.histogram();
    let path = `M ${left} ${height - bottom}`;
    for (let value = 0; value < 256; value++) {
      const y = top + (1 - scaled(counts[value])) * (height - top - bottom);
      path += ` L ${(left + value * wide).toFixed(1)} ${y.toFixed(1)} h ${wide.toFixed(2)}`;
    }
    plot.append(
      svg("path", { d: `${path} V ${height - bottom} Z`, class: `rx-bars rx-bars-${number}` }),
    );
  });
  for (const value of [0, 0.25, 0.5, 0.75, 1]) {
    const x = left + value * (width - left - right);
    const anchor = value === 0 ? "start" : value === 1 ? "end" : "middle";
    plot.append(
      svg("text", { x, y: height - 6, "text-anchor": anchor, class: "rx-tick" }, `${value}`),
    );
  }
  return plot;
}
