// What the dialogs have in common that show a case's pictures: a stage with panes side by side, which
// are zoomed together, and where the focus goes when they open and close.

import { edges, h, partsOf } from "./dom.js";
import { arrange, showFull } from "./sources.js";
import { say, wordsOf } from "./words.js";
import { Zoom } from "./zoom.js";

/** @typedef {import("./zoom.js").Panel} Pane */
/** @typedef {import("./pixels.js").Drawable} Drawable */

export class Stage {
  /** @type {HTMLElement | null} */
  opener = null; // what had the focus before the dialog was open
  /** @type {[number, number] | null} */
  pointer = null; // the picture's pixel that a mouse is on

  /**
   * @param {HTMLDialogElement} dialog
   * @param {object} [host]
   * @param {() => number} [host.abreast] how many panes lie side by side; without it, all
   * @param {() => void} [host.changed] called when the view may be another
   * @param {() => void} [host.pointed] called when `pointer` is another
   * @param {(from: Touch, to: Touch, whole: boolean) => void} [host.touched] called when a finger,
   *   which was alone as it came, has left; whether all of the picture was seen then
   */
  constructor(dialog, host = {}) {
    const { abreast = () => this.zoom.panels.length, changed = () => {} } = host;
    const { pointed = () => {}, touched = () => {} } = host;
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
    for (const type of /** @type {const} */ (["pointermove", "pointerleave"])) {
      this.element.addEventListener(type, (event) => {
        const on = type === "pointermove" && event.pointerType === "mouse";
        this.pointer = on ? this.zoom.point(event) : null;
        pointed();
      });
    }
    /** @type {{ from: Touch, whole: boolean } | null} */
    let finger = null;
    const begin = (/** @type {TouchEvent} */ { touches }) => {
      finger = touches.length === 1 ? { from: touches[0], whole: !this.zoom.view } : null;
    };
    this.element.addEventListener("touchstart", begin, { passive: true });
    this.element.addEventListener("touchend", ({ changedTouches: [to] }) => {
      if (finger) touched(finger.from, to, finger.whole);
      finger = null;
    });
    const strip = part("strip");
    edges(strip);
    /** @type {Element | null | undefined} */
    let chosen; // what a pointer chooses there: then the keys are the stage's again
    strip.addEventListener("pointerdown", ({ target }) => {
      chosen = /** @type {Element} */ (target).closest("label, select");
    });
    strip.addEventListener("keydown", () => {
      chosen = null;
    });
    strip.addEventListener("change", ({ target }) => {
      if (chosen?.contains(/** @type {Element} */ (target))) this.focus();
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

  /** Keys of the dialog; those that mean nothing there, and arrows with Shift, are the zoom's. What
   * one writes is none, nor are arrows on what has its own.
   * @param {(key: string, event: KeyboardEvent) => boolean} act of a key, a letter as it is without
   *   Shift: whether it means something */
  hear(act) {
    this.dialog.addEventListener("keydown", (event) => {
      const { key, target, shiftKey } = event;
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const on = (/** @type {string} */ kind) => target instanceof Element && target.matches(kind);
      if (on("textarea, select, input:not([type=radio], [type=range])")) return;
      const arrow = key.startsWith("Arrow");
      if (arrow && on("input")) return;
      if ((arrow && shiftKey) || !act(key.length > 1 ? key : key.toLowerCase(), event))
        this.zoom.key(event);
      else event.preventDefault();
    });
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

/** Show a picture in its pane: until it is there at full size, the small one of the page.
 * @param {Pane} pane @param {string} small where that is, or nothing @param {Promise<Drawable | null>} full
 * @param {string} words what it shows */
export async function showWhole({ box, layer }, small, full, words) {
  if (small) layer.append(h("img", { src: small, alt: words, draggable: "false" }));
  const whole = await full;
  if (whole) showFull(layer, whole, words);
  else box.append(h("p", { class: "lost" }, ...say(wordsOf("review-words"), "failed")));
}
