// What the page of explore reads out of alphas: how much of the picture has which, and its course along
// a line.

import { histogramPlot, profilePlot, softBand } from "./alpha.js";
import { h } from "./dom.js";
import { svg } from "./svg.js";
import { _ } from "./text.js";

/** @typedef {import("./alpha.js").AlphaMap} AlphaMap */
/** @typedef {import("./layout.js").Layout["looking"]} Looking */
/** @typedef {import("./text.js").Texts} Texts */
/** @typedef {{ model: string, alpha: AlphaMap }} Result */
/** @typedef {import("./zoom.js").Line} Line */

/**
 * @param {Looking} looking @param {Texts} texts @param {Result[]} results
 * @param {string} about which picture they are of, and how they were made
 */
export function showHistogram({ histogram, histogramCard }, texts, results, about) {
  histogramCard.hidden = !results.length;
  const of = [...results.map(({ model }) => model), about, texts.lang].join("\n");
  if (!results.length || histogram.of === of) return;
  histogram.of = of;
  const maps = results.map(({ alpha }) => alpha);
  histogram.plot.replaceChildren(
    histogramPlot(texts.t(_("How much of the picture has which alpha (logarithmic)")), maps),
  );
  const shares = results.map(({ model, alpha }) =>
    texts.t(
      _("{model}: {clear}\u00a0% transparent, {between}\u00a0% in between, {opaque}\u00a0% opaque"),
      {
        model,
        ...sharesOf(alpha),
      },
    ),
  );
  histogram.text.replaceChildren(...keyed(shares));
}

/** @param {Looking} looking @param {Texts} texts @param {Result[]} results @param {Line | null} line */
export function showProfile({ profile, profileCard, ends }, texts, results, line) {
  profileCard.hidden = !line || !results.length;
  if (!line || !results.length) return;
  for (const [number, input] of ends.entries()) input.value = String(Math.round(line[number]));
  const courses = results.map(({ alpha }) => alpha.profile(line));
  profile.plot.replaceChildren(profilePlot(texts.t(_("Alpha along the line")), courses));
  const widths = results.map(({ model }, number) => {
    const pixels = softBand(courses[number])?.toFixed(1);
    return pixels === undefined
      ? texts.t(_("{model}: alpha does not fall from 0.92 to 0.08 along this line"), { model })
      : texts.t(_("{model}: {pixels} px from alpha 0.92 to 0.08"), { model, pixels });
  });
  profile.text.replaceChildren(...keyed(widths));
}

/** A line upon the picture, light on dark, with a dot where it begins. @param {import("./zoom.js").Line | null} line */
export function marks(line) {
  if (!line) return [];
  const [x1, y1, x2, y2] = line;
  return [
    svg("line", { x1, y1, x2, y2, class: "rx-line-under" }),
    svg("line", { x1, y1, x2, y2, class: "rx-line" }),
    svg("line", { x1, y1, x2: x1, y2: y1, class: "rx-end-under" }),
    svg("line", { x1, y1, x2: x1, y2: y1, class: "rx-end" }),
  ];
}

/** As the report has it: in between is 0.05 ≤ alpha ≤ 0.95. @param {AlphaMap} map */
function sharesOf(map) {
  const counts = map.histogram();
  const percent = (/** @type {number} */ from, /** @type {number} */ to) => {
    const count = counts.slice(from, to).reduce((sum, one) => sum + one, 0);
    return ((100 * count) / map.alpha.length).toFixed(1);
  };
  return { clear: percent(0, 13), between: percent(13, 243), opaque: percent(243, 256) };
}

/** Lines of text, each with the colour of its curve where there are several. @param {string[]} lines */
function keyed(lines) {
  return lines.map((line, number) =>
    h("span", { class: lines.length > 1 ? `rx-key-${number}` : null }, line),
  );
}
