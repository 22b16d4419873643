// The icons of every page, on a grid of 20; what is after a semicolon is filled. This is their one
// source: templates take them from here, by rmbg_eval.web.icon, which reads these lines.

import { svg } from "./svg.js";

/** @typedef {keyof typeof ICONS} Icon */

const ICONS = {
  alpha: "M3.5 3.5h13v13h-13z;M3.5 16.5v-13h13z",
  blend: "M3.5 3.5h8.5v8.5h-8.5zM8 8h8.5v8.5h-8.5z",
  blink: "M2.5 10q7.5-10.5 15 0q-7.5 10.5-15 0zM10 7.8a2.2 2.2 0 1 0 .01 0z",
  check: "M4 10.5l4 4 8-9",
  close: "M5 5l10 10M15 5L5 15",
  comment: "M3.5 4.5h13v9h-7l-3.5 3v-3h-2.5z",
  edge: "M3.5 7V3.5H7M13 3.5h3.5V7M16.5 13v3.5H13M7 16.5H3.5V13M6.5 13.5c4 0 3-7 7-7",
  error: "M7.5 5.5a4.5 4.5 0 1 0 .01 0zM12.5 5.5a4.5 4.5 0 1 0 .01 0z",
  fit: "M4 8V4h4M12 4h4v4M16 12v4h-4M8 16H4v-4",
  grid: "M3 4h14v12H3zM10 4v12M3 10h14",
  help: "M7.2 7.4a2.8 2.8 0 1 1 4.2 2.4q-1.4.8-1.4 2.2M10 15.2h.01",
  keyboard: "M2.5 5h15v10h-15zM5.8 8.3h.01M8.6 8.3h.01M11.4 8.3h.01M14.2 8.3h.01M7 12h6",
  left: "M12.5 5l-5 5 5 5",
  line: "M6.2 13.8l7.6-7.6M4.8 13.4a1.8 1.8 0 1 0 .01 0zM15.2 3a1.8 1.8 0 1 0 .01 0z",
  list: "M7.5 5h9M7.5 10h9M7.5 15h9M3.8 5h.01M3.8 10h.01M3.8 15h.01",
  minus: "M4.5 10h11",
  plus: "M10 4.5v11M4.5 10h11",
  point: "M10 5.5a4.5 4.5 0 1 0 .01 0zM10 2.5v4M10 13.5v4M2.5 10h4M13.5 10h4",
  result: "M10 3.5a3 3 0 1 0 .01 0zM4 16.5q.8-4.8 6-4.8t6 4.8",
  right: "M7.5 5l5 5-5 5",
  save: "M10 3.5V13M6 9.2l4 3.8 4-3.8M3.5 13v3.5h13V13",
  search: "M8.7 3.5a5.2 5.2 0 1 0 .01 0zM12.6 12.6l4 4",
  side: "M3 4h14v12H3zM7.7 4v12M12.3 4v12",
  slider: "M10 3v14M6.5 7l-3 3 3 3M13.5 7l3 3-3 3",
  truth: "M10 3.2a6.8 6.8 0 1 0 .01 0zM6.9 10.2l2.2 2.2 4.1-4.5",
  undo: "M7 4L3.5 7.5 7 11M3.5 7.5h8a4 4 0 0 1 0 8H8",
  upload: "M10 13V3.5M6 7.2l4-3.7 4 3.7M3.5 13v3.5h13V13",
};

/** A picture of its own for what stands beside or in place of a word. @param {Icon} name */
export function icon(name) {
  const [stroke, fill] = ICONS[name].split(";");
  const attributes = { class: "icon", viewBox: "0 0 20 20", "aria-hidden": "true" };
  const solid = fill ? [svg("path", { d: fill, class: "solid" })] : [];
  return svg("svg", attributes, svg("path", { d: stroke }), ...solid);
}
