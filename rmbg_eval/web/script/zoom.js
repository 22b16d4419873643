// The one way to look closely: panels that show the same place of several pictures, zoomed and
// moved together by wheel, pointer, fingers and keys. Places are in pixels of the picture, so they
// survive another size of the panels.

const STEPS = [0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32]; // the screen's pixels for one
const MOST = 32;
const SLOP = 3; // pixels that a hand may move and still click
const NAME = 32; // CSS pixels that a panel's name takes
const ROOMY = 320; // CSS pixels of a panel's height from which the whole picture leaves its name that
const ARROWS = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** @typedef {{ x: number, y: number, scale: number }} View the picture's point in the middle of
 *   every panel; CSS pixels for one of the picture */
/** @typedef {{ box: HTMLElement, layer: HTMLElement }} Panel what one looks through; what is
 *   moved behind it, laid out in the picture's pixels */
/** @typedef {{ clientX: number, clientY: number }} Spot of the window */
/** @typedef {[number, number, number, number]} Line x1, y1, x2, y2 in pixels of the picture */

/** The nearest within these limits. @param {number} value @param {number} least @param {number} most */
export const within = (value, least, most) => Math.min(Math.max(value, least), most);

/** As an address has it, so that it leads to the same again. @param {number} scale */
export const exact = (scale) => Number(scale.toFixed(3));

export class Zoom {
  /** @type {Panel[]} */
  panels = [];
  size = [1, 1]; // of the picture, in its pixels
  /** @type {View | null} */
  view = null; // null: the whole picture
  /** @type {((line: Line) => void) | null} */
  draw = null; // gets the line that is drawn, where a drag is to draw instead of move
  moved = false; // whether the pointer has moved since it was pressed: then a click is none

  /** @type {{ from: Spot, spot: Spot, start: [number, number] } | null} */
  #drag = null;
  /** @type {{ from: Spot, spot: Spot, start: [number, number], apart: number } | null} */
  #fingers = null;
  #pinched = 1; // the scale of a gesture so far
  #observer = new ResizeObserver(() => this.place());

  /**
   * @param {object} host
   * @param {() => void} host.changed called when the view may be another
   * @param {() => void} [host.arrange] lays the panels out, before what they show is placed
   * @param {boolean} [host.scrolls] whether the page under the panels scrolls: a wheel then zooms
   *   with Ctrl only, and one finger moves only what is zoomed
   * @param {boolean} [host.named] whether a name lies over the top of each panel
   */
  constructor({ changed, arrange = () => {}, scrolls = false, named = false }) {
    this.host = { changed, arrange, scrolls, named };
  }

  /** @param {HTMLElement} element a panel's box, or what is around several */
  listen(element) {
    const active = { passive: false };
    element.addEventListener("wheel", (event) => this.#wheel(event), active);
    element.addEventListener("pointerdown", (event) => this.#down(event));
    element.addEventListener("pointermove", (event) => this.#move(event, element));
    for (const type of /** @type {const} */ ([
      "touchstart",
      "touchmove",
      "touchend",
      "touchcancel",
    ]))
      element.addEventListener(type, (event) => this.#touch(event), active);
    for (const type of ["gesturestart", "gesturechange"])
      element.addEventListener(type, (event) => this.#pinch(event), active);
    element.addEventListener("dblclick", (event) => {
      if (this.draw) return;
      if (this.view) this.fit();
      else this.zoom(Math.max(1 / devicePixelRatio, 2 * this.looking().scale), event);
    });
    element.addEventListener("dragstart", (event) => event.preventDefault());
    this.#observer.observe(element);
  }

  #front() {
    return this.panels.find(({ box }) => box.clientWidth)?.box;
  }

  /** What a name covers of a panel, where there is room not to have it on the picture. */
  #above() {
    const { clientHeight = 0 } = this.#front() ?? {};
    return this.host.named && clientHeight >= ROOMY ? NAME : 0;
  }

  /** The scale at which the whole picture is seen. */
  fitting() {
    const box = this.#front();
    if (!box) return 1;
    const height = box.clientHeight - this.#above();
    return Math.min(box.clientWidth / this.size[0], height / this.size[1]) || 1;
  }

  /** @returns {View} */
  looking() {
    return this.view ?? { x: this.size[0] / 2, y: this.size[1] / 2, scale: this.fitting() };
  }

  /** CSS pixels by which the whole picture lies below the middle of its panel, under the name. */
  #below() {
    return this.view ? 0 : this.#above() / 2;
  }

  /** 100 where one pixel of the picture is one of the screen. */
  get percent() {
    return Math.round(100 * this.looking().scale * devicePixelRatio);
  }

  place() {
    if (!this.panels.length) return;
    this.host.arrange();
    const { x, y, scale } = this.looking();
    const below = this.#below();
    // On whole pixels of the screen: between them a browser would mix a picture's pixels.
    const snap = (/** @type {number} */ edge, /** @type {number} */ at) =>
      Math.round((edge + at) * devicePixelRatio) / devicePixelRatio - edge;
    for (const { box, layer } of this.panels) {
      const bounds = box.getBoundingClientRect();
      const left = snap(bounds.left, box.clientWidth / 2 - x * scale);
      const top = snap(bounds.top, box.clientHeight / 2 + below - y * scale);
      layer.style.width = `${this.size[0]}px`;
      layer.style.height = `${this.size[1]}px`;
      layer.style.transform = `translate(${left}px, ${top}px) scale(${scale})`;
      layer.style.setProperty("--scale", String(scale)); // by which lines and checks are less
      layer.classList.toggle("pixels", scale * devicePixelRatio > 1.001);
    }
    this.host.changed();
  }

  fit() {
    this.view = null;
    this.place();
  }

  /** Not farther away than half of what fits, nor than one to one; not closer than can be told.
   * @param {number} scale */
  #scale(scale) {
    const least = Math.min(this.fitting() / 2, 1 / devicePixelRatio);
    return within(scale, least, MOST / devicePixelRatio);
  }

  /** The middle within the picture, the scale within its limits. @param {View} view */
  look({ x, y, scale }) {
    const [width, height] = this.size;
    this.view = { x: within(x, 0, width), y: within(y, 0, height), scale: this.#scale(scale) };
    this.place();
  }

  /** A part of the picture with air around it; all of the picture where that takes it.
   * @param {number[]} part left, top, width and height in its pixels */
  visit([left, top, width, height]) {
    const { clientWidth, clientHeight } = this.panels[0].box;
    const close = Math.min(clientWidth / (1.6 * width + 48), clientHeight / (1.6 * height + 48));
    if (close <= this.fitting()) this.fit();
    else this.look({ x: left + width / 2, y: top + height / 2, scale: exact(Math.min(close, 16)) });
  }

  /**
   * What lies at `spot`, or in the middle, stays there.
   * @param {number} scale
   * @param {Spot} [spot]
   * @param {Spot} [to] where it goes instead
   */
  zoom(scale, spot, to = spot) {
    const now = this.looking();
    const [x, y] = this.#offset(spot);
    const [toX, toY] = this.#offset(to, spot);
    const kept = this.#scale(scale);
    const [atX, atY] = [now.x + x / now.scale, now.y + y / now.scale];
    const below = to ? this.#below() : 0; // what is zoomed does not lie so
    this.look({ x: atX - toX / kept, y: atY - (toY + below) / kept, scale: kept });
  }

  /** @param {number} dx @param {number} dy CSS pixels by which the picture is moved */
  pan(dx, dy) {
    const { x, y, scale } = this.looking();
    this.look({ x: x - dx / scale, y: y - (dy + this.#below()) / scale, scale });
  }

  /** @param {1 | -1} direction */
  step(direction) {
    const now = this.looking().scale * devicePixelRatio;
    const next =
      direction > 0 ? STEPS.find((s) => s > now * 1.01) : STEPS.findLast((s) => s < now * 0.99);
    if (next) this.zoom(next / devicePixelRatio);
  }

  /** From the middle of the panel under `from`, where a hand that is at `spot` began: it may be
   * over another by now. @param {Spot} [spot] @param {Spot} [from] @returns {[number, number]} */
  #offset(spot, from = spot) {
    if (!spot || !from) return [0, 0];
    const under = ({ left, right, top, bottom } = new DOMRect()) =>
      from.clientX >= left &&
      from.clientX <= right &&
      from.clientY >= top &&
      from.clientY <= bottom;
    const boxes = this.panels.map(({ box }) => box.getBoundingClientRect());
    const box = boxes.find(under) ?? this.#front()?.getBoundingClientRect() ?? new DOMRect();
    const middle = box.top + box.height / 2 + this.#below();
    return [spot.clientX - box.left - box.width / 2, spot.clientY - middle];
  }

  /** The picture's pixel there. @param {Spot} spot @param {Spot} [from] @returns {[number, number]} */
  point(spot, from = spot) {
    const { x, y, scale } = this.looking();
    const [dx, dy] = this.#offset(spot, from);
    return [x + dx / scale, y + dy / scale];
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    const asked = event.ctrlKey || event.metaKey; // so does a pinch on a touchpad
    if (this.host.scrolls && !asked) return;
    event.preventDefault();
    const speed = event.deltaMode ? 0.05 : asked ? 0.005 : 0.002;
    this.zoom(this.looking().scale * Math.exp(-event.deltaY * speed), event);
  }

  /** @param {PointerEvent} event */
  #down(event) {
    this.moved = false;
    const own = event.button === 0 && event.pointerType !== "touch"; // fingers are told by #touch
    this.#drag = own ? { from: event, spot: event, start: this.point(event) } : null;
  }

  /** @param {PointerEvent} event @param {HTMLElement} element */
  #move(event, element) {
    const drag = this.#drag;
    if (!drag) return;
    if (!event.buttons) {
      this.#drag = null;
      return;
    }
    const [dx, dy] = [event.clientX - drag.spot.clientX, event.clientY - drag.spot.clientY];
    if (!this.moved) {
      // Captured from here on, not from the start: a click on a shape is the shape's.
      if (Math.hypot(dx, dy) < SLOP) return;
      this.moved = true;
      element.setPointerCapture(event.pointerId);
    }
    this.#drag = { ...drag, spot: event };
    if (this.draw) this.draw([...drag.start, ...this.point(event, drag.from)]);
    else this.pan(dx, dy);
  }

  /** Two fingers zoom and move, one moves or draws; the page keeps still. @param {TouchEvent} event */
  #touch(event) {
    const before = this.#fingers;
    this.#fingers = null;
    const { touches } = event;
    if (touches.length !== 1 && touches.length !== 2) return;
    const [one, other] = [touches[0], touches[touches.length - 1]];
    const apart = Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
    const spot = {
      clientX: (one.clientX + other.clientX) / 2,
      clientY: (one.clientY + other.clientY) / 2,
    };
    const going = event.type === "touchmove" && before && apart > 0 === before.apart > 0;
    const { from, start } = going ? before : { from: spot, start: this.point(spot) };
    this.#fingers = { from, spot, start, apart };
    if (!apart && this.host.scrolls && !this.view && !this.draw) return;
    if (apart || event.type === "touchmove") event.preventDefault();
    if (!going) return;
    if (this.draw && !apart) this.draw([...start, ...this.point(spot, from)]);
    else {
      const factor = apart ? apart / before.apart : 1;
      this.zoom(this.looking().scale * factor, before.spot, spot);
    }
  }

  /** Two fingers on a touchpad, as Safari tells of them; of those on a screen it tells so, too.
   * @param {Event} event */
  #pinch(event) {
    event.preventDefault();
    const { scale, clientX, clientY } = /** @type {any} */ (event); // scale: since they began
    const before = event.type === "gesturestart" ? 1 : this.#pinched;
    this.#pinched = scale;
    if (!this.#fingers) this.zoom(this.looking().scale * (scale / before), { clientX, clientY });
  }

  /** Whether the key meant something here. @param {KeyboardEvent} event */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    const arrow = ARROWS[/** @type {keyof typeof ARROWS} */ (event.key)];
    if (event.key === "+" || event.key === "=") this.step(1);
    else if (event.key === "-") this.step(-1);
    else if (event.key === "0") this.fit();
    else if (event.key === "1") this.zoom(1 / devicePixelRatio);
    else if (arrow && this.view) this.pan(80 * arrow[0], 80 * arrow[1]);
    else return false;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab has keys of its own
    return true;
  }
}
