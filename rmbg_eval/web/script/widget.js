// The widget in a notebook. The page of `rmbg-eval serve` is there before its kernel is; the widget
// then takes it over.

import { h } from "./dom.js";
import { Explorer } from "./explorer.js";

const waiting = () => /** @type {any} */ (globalThis).rmbgExplorer;

/**
 * The page takes the widget as soon as that is there: Jupyter looks two seconds for a widget to draw,
 * and of one that comes at that moment, as on a busy machine, it draws none, ever.
 * @param {{ model: any }} widget as anywidget has it
 */
export function initialize({ model }) {
  if (waiting() && !waiting().wire.model) waiting().wire.connect(model);
}

/** @param {{ model: any, el: HTMLElement }} widget */
export function render({ model, el }) {
  if (waiting()) return;
  const root = h("div");
  el.append(root);
  new Explorer(root, model.get("strings"), model.get("lang")).wire.connect(model);
}
