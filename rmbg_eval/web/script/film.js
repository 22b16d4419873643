// The film of the viewer: the cases to either side of the one that is looked at.

import { h } from "./dom.js";
import { language } from "./language.js";
import { complete, pictured, shownRows } from "./rows.js";

const LONG = 60; // cases to either side

/** Fill the film round a case, and say which of how many it is.
 * @param {HTMLElement} film @param {HTMLElement} count @param {HTMLElement} article */
export function fillFilm(film, count, article) {
  const shown = shownRows().filter(pictured);
  const at = shown.indexOf(article);
  count.textContent = at < 0 ? "" : `${at + 1} / ${shown.length}`;
  const near = shown.slice(Math.max(0, at - LONG), at + LONG + 1);
  film.hidden = shown.length < 2;
  film.replaceChildren(
    ...near.map((one) => {
      const image = complete(one).querySelector("figure.tile img");
      const kind = /** @type {HTMLElement | null} */ (image?.closest("figure"))?.dataset.kind;
      const label = language.in(one.querySelector("h3"));
      const src = image instanceof HTMLImageElement ? image.src : "";
      const attributes = {
        type: "button",
        value: one.id,
        title: label,
        "aria-current": one === article && "true",
      };
      return h(
        "button",
        attributes,
        h("img", {
          class: kind === "original" ? null : "cut",
          src,
          alt: label,
          loading: "lazy",
          draggable: "false",
        }),
        ...passes(one),
      );
    }),
  );
  const here = /** @type {HTMLElement | null} */ (film.querySelector("[aria-current]"));
  if (here) film.scrollLeft = here.offsetLeft - (film.clientWidth - here.offsetWidth) / 2;
}

/** A bar for each model: how many of the points it passes. @param {HTMLElement} row */
function passes(row) {
  const counts = [...row.querySelectorAll('.tile[data-kind="result"]')].map((tile) =>
    (tile.querySelector(".count")?.textContent ?? "").split("/").map(Number),
  );
  if (!counts.some(([, all]) => all)) return [];
  const bars = counts.map(([passed, all]) => {
    const bar = h("i");
    bar.style.setProperty("--share", `${(100 * passed) / (all || 1)}%`);
    return bar;
  });
  return [h("span", { class: "passes", "aria-hidden": "true" }, ...bars)];
}
