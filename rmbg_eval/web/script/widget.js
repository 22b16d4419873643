// The widget in a notebook. The page of `rmbg-eval serve` is there before its kernel is; the widget
// then takes it over.

import { h } from "./dom.js";
import { Explorer } from "./explorer.js";

/** @param {{ model: any, el: HTMLElement }} widget as anywidget has it */
export function render({ model, el }) {
  const waiting = /** @type {any} */ (globalThis).rmbgExplorer;
  if (waiting && !waiting.wire.model) {
    waiting.wire.connect(model);
    return;
  }
  const root = h("div");
  el.append(root);
  new Explorer(root, model.get("strings"), model.get("lang")).wire.connect(model);
}
