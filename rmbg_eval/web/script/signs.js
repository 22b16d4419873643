// Why cut-outs without truth may be wrong, and where: what the review says of one at a time.

import { aboutPage } from "./decisions.js";
import { h } from "./dom.js";
import { framed } from "./svg.js";
import { everywhere, say, wordsOf } from "./words.js";

/** The signs of a case's risks under their models, each with its place; nothing where there are none.
 * @param {string} anchor of the case */
export function signsOf(anchor) {
  const { cases = [], models = [], risks = [], signs = {}, texts = [] } = aboutPage() ?? {};
  const first = models.length * cases.findIndex(([own]) => own === anchor);
  const parts = models.flatMap((model, place) => {
    const [risk, all] = [risks[first + place], signs[first + place]];
    if (first < 0 || risk == null || !all) return [];
    const level = say(wordsOf("review-words"), "risk", { risk: risk.toFixed(2) });
    return [
      h("h4", {}, model, " ", h("small", {}, ...level)),
      h("ol", {}, ...all.map(([text, ...box]) => sign(everywhere(texts[text]), model, box))),
    ];
  });
  return parts.length ? h("section", { class: "points signs" }, ...parts) : null;
}

/** @param {Node[]} words @param {string} model @param {number[]} box left, top, width and height, or none */
function sign(words, model, box) {
  if (!box.length) return h("li", { class: "point detailed" }, h("span", {}, ...words));
  const attributes = {
    class: "point detailed",
    "data-model": model,
    "data-box": box.join(),
    "data-shapes": framed(box),
  };
  return h("li", attributes, h("button", { type: "button" }, ...words));
}
