// Observation points by hand: a box, a polygon or lines drawn on the pictures of the viewer, with a
// kind and words, as the TOML that a case.toml has. A point that is there is moved the same way.

import { download } from "./dom.js";
import { language } from "./language.js";
import { svg } from "./svg.js";

/** @typedef {[number, number]} Spot in pixels of the picture */
/** @typedef {"box" | "polygon" | "lines"} Region */
/** @typedef {import("./zoom.js").Zoom} Zoom */

/** A text as TOML has it. @param {string} text */
export const quoted = (text) => `"${text.replace(/["\\]/g, "\\$&").replace(/\p{Cc}/gu, " ")}"`;

/** An id of these words. @param {string} text */
export const idOf = (text) =>
  text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+/, "")
    .slice(0, 40)
    .replace(/-+$/, "") || "point";

/** @param {Spot[]} spots */
const list = (spots) => `[${spots.map(([x, y]) => `[${x}, ${y}]`).join(", ")}]`;

/** The region as TOML, or nothing while it is not whole. @param {Region} region @param {Spot[][]} paths */
export function regionOf(region, paths) {
  if (region === "lines") {
    const whole = paths.filter(([from, to]) => to && (from[0] !== to[0] || from[1] !== to[1]));
    return whole.length ? `lines = [${whole.map(list).join(", ")}]` : "";
  }
  const [spots = []] = paths;
  if (region === "polygon") return spots.length > 2 ? `polygon = ${list(spots)}` : "";
  const [xs, ys] = [0, 1].map((axis) => spots.map((spot) => spot[axis]));
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [width, height] = [Math.max(...xs) - left, Math.max(...ys) - top];
  return width > 0 && height > 0 ? `box = [${left}, ${top}, ${width}, ${height}]` : "";
}

/**
 * @param {HTMLElement} panel in the viewer
 * @param {Zoom} zoom
 * @param {HTMLElement} stage
 * @param {HTMLElement} points the list of those that are there
 */
export function drawing(panel, zoom, stage, points) {
  /** @template {HTMLElement} E @param {string} name */
  const part = (name) => /** @type {E} */ (panel.querySelector(`[data-part="${name}"]`));
  const kind = /** @type {HTMLSelectElement} */ (part("kind"));
  const words = /** @type {HTMLInputElement} */ (part("point-en"));
  const chinese = /** @type {HTMLInputElement} */ (part("point-zh"));
  const text = /** @type {HTMLTextAreaElement} */ (part("toml"));
  /** @type {Region | "move" | ""} */
  let tool = "";
  /** @type {Region} */
  let region = "box";
  /** @type {Spot[][]} */
  let paths = [];
  let id = ""; // of a point that is moved
  let start = ""; // of the line that is drawn
  /** @type {Spot[][]} */
  let before = []; // where it was when a hand took it

  const within = (/** @type {number} */ n, /** @type {number} */ most) =>
    Math.round(Math.min(most, Math.max(0, n)));
  /** @param {number} x @param {number} y @returns {Spot} */
  const spot = (x, y) => [within(x, zoom.size[0]), within(y, zoom.size[1])];

  function tell() {
    const where = regionOf(region, paths);
    const title = words.value.trim();
    const other = chinese.value.trim();
    const titles = [title && `en = ${quoted(title)}`, other && `zh = ${quoted(other)}`];
    text.value = where
      ? [
          "[[points]]",
          `id = "${id || idOf(title)}"`,
          `kind = "${kind.value}"`,
          ...(title || other ? [`title = { ${titles.filter(Boolean).join(", ")} }`] : []),
          where,
          "",
        ].join("\n")
      : "";
    for (const name of ["copy-point", "save-point"]) {
      const button = /** @type {HTMLButtonElement} */ (panel.querySelector(`[data-do=${name}]`));
      button.disabled = !where;
    }
    for (const button of panel.querySelectorAll("[data-tool]")) {
      button.setAttribute("aria-pressed", String(button.getAttribute("data-tool") === tool));
    }
    show();
  }

  /** The shape on every picture. */
  function show() {
    const closed = region === "lines" ? "" : "Z";
    const [spots = []] = paths;
    /** @type {Spot[][]} */
    const corners =
      region === "box" && spots.length === 2
        ? [[spots[0], [spots[1][0], spots[0][1]], spots[1], [spots[0][0], spots[1][1]]]]
        : paths;
    const d = corners.map((path) => `M${path.map((each) => each.join(" ")).join("L")}${closed}`);
    for (const { layer } of zoom.panels) {
      layer.querySelector("svg.drawn")?.remove();
      if (!paths.length) continue;
      const frame = {
        class: "region drawn",
        viewBox: `0 0 ${zoom.size[0]} ${zoom.size[1]}`,
        "aria-hidden": "true",
      };
      const both = ["halo", "dash"].map((name) => svg("path", { class: name, d: d.join("") }));
      layer.append(svg("svg", frame, ...both));
    }
  }

  /** @param {import("./zoom.js").Line} line */
  function draw([x1, y1, x2, y2]) {
    const from = `${x1},${y1}`;
    const fresh = from !== start;
    start = from;
    if (tool === "move") {
      if (fresh) before = paths;
      const [dx, dy] = [x2 - x1, y2 - y1].map(Math.round);
      paths = before.map((path) => path.map(([x, y]) => spot(x + dx, y + dy)));
    } else if (tool === "lines") {
      if (fresh || !paths.length) paths = [...paths, []];
      paths = [...paths.slice(0, -1), [spot(x1, y1), spot(x2, y2)]];
    } else if (tool === "box") paths = [[spot(x1, y1), spot(x2, y2)]];
    tell();
  }

  /** @param {string} to a tool, or none */
  function take(to) {
    const other = to !== "move" && to !== region;
    tool = to === tool ? "" : /** @type {typeof tool} */ (to);
    if (tool === "move") adopt();
    else if (tool) {
      if (other || id) paths = [];
      region = tool;
    }
    // Kinds that cannot be of this region cannot be chosen.
    for (const option of kind.options) {
      option.disabled = !option.dataset.regions?.split(" ").includes(region);
    }
    if (kind.selectedOptions[0]?.disabled) {
      kind.value = [...kind.options].find((option) => !option.disabled)?.value ?? kind.value;
    }
    zoom.draw = tool && tool !== "polygon" ? draw : null;
    stage.classList.toggle("placing", Boolean(tool));
    tell();
  }

  /** The point that is chosen in the list becomes the one that is moved. */
  function adopt() {
    const chosen = /** @type {HTMLElement | null} */ (points.querySelector("li[data-current]"));
    if (!chosen?.dataset.region) return;
    const there = JSON.parse(chosen.dataset.region);
    id = chosen.dataset.point ?? "";
    region = there.region;
    paths = there.paths;
    kind.value = there.kind;
    words.value = there.title.en ?? "";
    chinese.value = there.title.zh ?? "";
  }

  function clear() {
    [tool, id, start, paths] = ["", "", "", []];
    zoom.draw = null;
    stage.classList.remove("placing");
    words.value = chinese.value = "";
    tell();
  }

  panel.addEventListener("click", ({ target }) => {
    const button = target instanceof Element ? target.closest("button") : null;
    const { tool: wanted, do: command } = button?.dataset ?? {};
    if (wanted) take(wanted);
    else if (command === "clear-point") clear();
    else if (command === "copy-point") {
      text.select();
      const copied = navigator.clipboard?.writeText(text.value);
      if (copied) copied.catch(() => document.execCommand("copy"));
      else document.execCommand("copy");
    } else if (command === "save-point") {
      download(new Blob([text.value], { type: "text/plain" }), "points.toml");
    }
  });
  panel.addEventListener("input", ({ target }) => {
    if (target !== text) tell();
  });
  panel.addEventListener("keydown", (event) => {
    const own = event.target instanceof Element && event.target.matches("input, textarea, select");
    if (own && event.key !== "Escape") event.stopPropagation(); // what one writes
  });
  stage.addEventListener("click", (event) => {
    if (tool !== "polygon" || zoom.moved) return;
    const [spots = []] = paths;
    paths = [[...spots, spot(...zoom.point(event))]];
    tell();
  });

  return {
    clear,
    /** For pictures that are laid out anew. */
    show() {
      for (const option of kind.options) option.textContent = language.of(option, "text");
      tell();
    },
  };
}
