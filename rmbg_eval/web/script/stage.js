// What the dialogs have in common that show a case's pictures: a stage with panes side by side, which
// are zoomed together, and where the focus goes when they open and close.

import { edges, h, partsOf } from "./dom.js";
import { arrange } from "./sources.js";
import { Zoom } from "./zoom.js";

/** @typedef {import("./zoom.js").Panel} Pane */

export class Stage {
  /** @type {HTMLElement | null} */
  opener = null; // what had the focus before the dialog was open

  /**
   * @param {HTMLDialogElement} dialog
   * @param {object} [host]
   * @param {() => number} [host.abreast] how many panes lie side by side; without it, all
   * @param {() => void} [host.changed] called when the view may be another
   */
  constructor(dialog, { abreast = () => this.zoom.panels.length, changed = () => {} } = {}) {
    this.dialog = dialog;
    const part = partsOf(dialog);
    this.element = part("stage");
    this.zoom = new Zoom({
      arrange: () => arrange(this.element, abreast(), this.zoom.size),
      named: true,
      changed: () => {
        part("percent").textContent = `${this.zoom.percent}\u00a0%`;
        changed();
      },
    });
    this.zoom.listen(this.element);
    const strip = part("strip");
    edges(strip);
    /** @type {Element | null | undefined} */
    let pointed; // what a pointer chooses there: then the keys are the stage's again
    strip.addEventListener("pointerdown", ({ target }) => {
      pointed = /** @type {Element} */ (target).closest("label, select");
    });
    strip.addEventListener("keydown", () => {
      pointed = null;
    });
    strip.addEventListener("change", ({ target }) => {
      if (pointed?.contains(/** @type {Element} */ (target))) this.focus();
    });
  }

  open() {
    this.opener = /** @type {HTMLElement | null} */ (document.activeElement);
    this.dialog.showModal();
    this.focus();
  }

  focus() {
    this.element.focus({ preventScroll: true });
  }

  /** The focus stays in the dialog, which hears keys: where what had it is gone, the stage has it. */
  keep() {
    const on = document.activeElement;
    if (!on || !this.dialog.contains(on) || !on.checkVisibility()) this.focus();
  }

  /** @param {Pane[]} panes in place of those that are there */
  show(panes) {
    this.zoom.panels = panes;
    this.element.replaceChildren(...panes.map(({ box }) => box));
  }

  /** @param {string} command of a button @param {boolean} on */
  press(command, on) {
    this.#button(command)?.setAttribute("aria-pressed", String(on));
  }

  /** @param {string} command of a button @returns {boolean} whether it is pressed */
  pressed(command) {
    return this.#button(command)?.getAttribute("aria-pressed") === "true";
  }

  /** @param {string} command */
  #button(command) {
    return this.dialog.querySelector(`[data-do="${command}"]`);
  }

  /** Do what one of the buttons for zooming says. @param {string} [command]
   * @returns {boolean} whether it is one */
  zooms(command) {
    if (command === "in") this.zoom.step(1);
    else if (command === "out") this.zoom.step(-1);
    else if (command === "fit") this.zoom.fit();
    else return false;
    return true;
  }
}

/** A layer with its name over it. @param {HTMLElement} layer @param {(Node | string)[]} name
 * @param {(Node | string)[]} more after the name @returns {Pane} */
export function paneOf(layer, name, more = []) {
  const line = h("p", { class: "name" }, h("b", {}, ...name), ...more);
  return { box: h("div", { class: "pane" }, layer, line), layer };
}
