// The viewer: the pictures of one case in a dialog, every pixel of them, looked at together: all
// models, one model, or two pictures under a slider, blinking or blended.

import { address } from "./address.js";
import {
  allIn,
  around,
  enable,
  enabled,
  ended,
  h,
  partsOf,
  pressOne,
  refill,
  whenClosed,
} from "./dom.js";
import { drawing } from "./draw.js";
import { fillFilm } from "./film.js";
import { language } from "./language.js";
import { ask, offers } from "./offers.js";
import { pixelsOf } from "./pixels.js";
import { pictured, pictureSize, shownRows } from "./rows.js";
import { caseName, saveCutout, saveRows } from "./saving.js";
import { settle } from "./sheet.js";
import { signsOf } from "./signs.js";
import { once, sourcesOf, whole } from "./sources.js";
import { paneOf, Stage, showWhole } from "./stage.js";
import { over, strokes } from "./svg.js";
import { everywhere, say } from "./words.js";
import { exact } from "./zoom.js";

const MODES = ["all", "one", "slider", "blink", "blend"];
const LAYERS = { r: "result", a: "alpha", e: "error" };
const BLINK = 800; // milliseconds
const SWIPE = 60; // CSS pixels that a finger goes to turn to another case

/** @typedef {Record<string, string>} Wanted as the address has it: a, b, mode, layer, at, point */
/** @typedef {import("./stage.js").Pane} Pane */
/** @typedef {import("./sources.js").Source} Source */
/** @typedef {import("./pixels.js").Drawable} Drawable */

const still = matchMedia("(prefers-reduced-motion: reduce)");
const keyOf = (/** @type {{ kind: string, model: string }} */ { kind, model }) =>
  model ? `${kind}:${model}` : kind;

/**
 * @param {HTMLDialogElement} dialog
 * @returns {(article: HTMLElement, wanted?: Wanted) => void} what opens it
 */
export function viewer(dialog) {
  const part = partsOf(dialog);
  const stage = new Stage(dialog, {
    abreast: () => (mode === "all" || mode === "one" ? panes.length : 1),
    changed,
    pointed: () => tell(),
    touched: swipe,
  });
  const { zoom } = stage;
  const points = part("points");
  const film = part("film");
  const under = part("under");
  const errorKey = part("error-key");
  /** @type {HTMLInputElement} */
  const share = part("share");
  const drawWords = /** @type {HTMLTemplateElement} */ (part("draw").querySelector("template"))
    .content;
  const byHand = drawing({
    panel: part("draw"),
    zoom,
    stage: stage.element,
    focus: () => stage.focus(),
    about: () => article?.id ?? "",
    points,
    say: (name, values) => say(drawWords, name, values),
    text: everywhere,
    measure: (toml) => (offers.has("measure-point") ? sent("measure-point", { toml }) : null),
    write: (toml, was) => sent("write-point", { toml, was }),
  });
  byHand.writes(offers.has("write-point"));
  /** Ask the server about a point of this case. @param {string} name @param {Record<string, unknown>} about */
  const sent = (name, about) => ask(name, JSON.stringify({ case: article?.id, ...about }));
  /** @type {HTMLElement | null} */
  let article = null;
  /** @type {Source[]} */
  let sources = [];
  /** @type {Map<string, Promise<Drawable | null>>} */
  let drawn = new Map();
  /** @type {Pane[]} */
  let panes = [];
  let mode = "all";
  let layer = "result";
  let [a, b] = ["", ""];
  let blinking = 0;

  // ---- what there is to look at

  const original = () => sources.find(({ kind }) => kind === "original");
  const truth = () => sources.find(({ kind }) => kind === "truth");
  const models = () => sources.filter(({ kind }) => kind === "result");
  const isPair = () => sources.some(({ kind }) => kind === "base" || kind === "new");
  const by = (/** @type {string} */ key) => sources.find((source) => keyOf(source) === key);
  /** Whether there is what a mode needs: a model, or a second picture. @param {string} wanted */
  const can = (wanted) =>
    wanted === "all" || (wanted === "one" ? models().length > 0 : sources.length > 1);

  /** The model that is looked at alone. */
  const current = () => [b, a].map(by).find((source) => source?.model) ?? models()[0];

  /** @param {string} kind */
  const named = (kind) => language.in(dialog.querySelector(`[data-kind-name="${kind}"]`)) || kind;

  /** The picture of a source at full size, in a layer; loaded or made once. @param {Source} source @param {string} kind */
  const full = (source, kind) =>
    once(drawn, `${kind}|${keyOf(source)}`, () => whole(sources, source, kind).catch(() => null));

  // ---- panes

  /** @param {Source} source @param {string} [kind] what is shown of it @returns {Pane} */
  function pane(source, kind = source.model ? layer : source.kind) {
    const cut = kind === "result" || kind === "base" || kind === "new" ? " cut" : "";
    const layer_ = h("div", { class: `canvas ${kind}${cut}`, "data-key": keyOf(source) });
    const count = (mode !== "one" && source.tile.querySelector(".count")?.textContent) || "";
    const title = (mode !== "one" && source.model) || named(kind);
    const own = paneOf(layer_, [ended(title)], count ? [` ${count}`] : []);
    const label =
      source.model && kind !== "result" ? `${named(kind)} · ${source.image.alt}` : source.image.alt;
    const made = kind === "alpha" || kind === "error"; // the page has no small one
    showWhole(own, made ? "" : source.image.src, full(source, kind), label);
    return own;
  }

  /** @returns {[Source, string?][]} a source, and what of it if that is not the layer */
  function wanted() {
    const [of, matte, model] = [original(), truth(), current()];
    const there = (/** @type {(Source | undefined)[]} */ ...all) =>
      all.flatMap((s) => (s ? [s] : []));
    if (mode === "all") return (isPair() ? sources : there(of, ...models(), matte)).map((s) => [s]);
    if (mode === "one") {
      /** @type {[Source, string?][]} */
      const kinds = there(of).map((s) => [s]);
      if (model) kinds.push([model, "result"], [model, "alpha"]);
      if (model && matte) kinds.push([matte, "truth"], [model, "error"]);
      return kinds;
    }
    const two = [by(a) ?? sources[0], by(b) ?? sources[sources.length - 1]];
    return two.map((s) => [s]);
  }

  function show() {
    clearInterval(blinking);
    const two = mode === "slider" || mode === "blink" || mode === "blend";
    if (two && !by(b)) {
      const first = keyOf(sources[0]);
      [a, b] = [first, by(a) && a !== first ? a : keyOf(sources[1] ?? sources[0])];
    }
    if (!truth() && layer === "error") layer = "result";
    dialog.dataset.mode = mode;
    panes = wanted().map(([source, kind]) => pane(source, kind));
    stage.show(panes);
    if (mode === "slider") stage.element.append(handle());
    pressOne(dialog, "mode", mode);
    pressOne(dialog, "layer", layer);
    for (const button of allIn(dialog, "[data-mode=one]")) button.hidden = !can("one");
    part("modes").hidden = sources.length < 2;
    for (const button of allIn(dialog, "[data-layer=error]")) enable(button, Boolean(truth()));
    part("layers").hidden = !models().length || mode === "one";
    const grid = mode === "all" || mode === "one";
    const wrong = panes.find((each) => each.layer.classList.contains("error"));
    (grid && wrong ? wrong.box : part("around")).append(errorKey); // in a pane that it is about
    errorKey.hidden = !wrong;
    choices(two);
    outline();
    for (const option of part("draw").querySelectorAll("option")) {
      option.textContent = language.of(option, "text");
    }
    byHand.show();
    divide();
    if (mode === "blink" && !still.matches) blinking = setInterval(turn, BLINK);
    stage.press("pause", still.matches);
    zoom.place();
    if (mode === "blink") turn();
    tell();
  }

  /** The segments that choose A and B, or the one model. @param {boolean} two */
  function choices(two) {
    const alone = mode === "one" && models().length > 1;
    part("pick").hidden = !two && !alone;
    part("b").hidden = !two;
    share.hidden = mode !== "slider" && mode !== "blend";
    part("pick")
      .querySelector('[data-do="pause"]')
      ?.toggleAttribute("hidden", mode !== "blink");
    const options = alone ? models() : sources;
    const chosen = { a: alone ? keyOf(current()) : a, b };
    for (const side of /** @type {const} */ (["a", "b"])) {
      refill(
        part(side),
        options.map((source) => {
          const key = keyOf(source);
          const attributes = {
            type: "button",
            value: key,
            "aria-pressed": String(chosen[side] === key),
          };
          return h("button", attributes, ended(source.model || named(source.kind)));
        }),
      );
    }
  }

  function handle() {
    const bar = h("span", { class: "handle", "aria-hidden": "true" });
    bar.addEventListener("pointerdown", (event) => {
      event.stopPropagation(); // the picture stays where it is
      bar.setPointerCapture(event.pointerId);
    });
    bar.addEventListener("pointermove", (event) => {
      if (!bar.hasPointerCapture(event.pointerId)) return;
      const { left, width } = stage.element.getBoundingClientRect();
      share.value = String((100 * (event.clientX - left)) / width);
      divide();
    });
    for (const type of ["touchstart", "touchmove"]) {
      bar.addEventListener(type, (event) => event.stopPropagation(), { passive: true });
    }
    return bar;
  }

  /** The slider's or the blend's share: A is left, or below; B right, or above. */
  function divide() {
    if (panes.length !== 2) return;
    const value = Number(share.value);
    const [left, right] = panes;
    const slides = mode === "slider";
    left.box.style.clipPath = slides ? `inset(0 ${100 - value}% 0 0)` : "";
    right.box.style.clipPath = slides ? `inset(0 0 0 ${value}%)` : "";
    right.layer.style.opacity = String(mode === "blend" ? value / 100 : 1);
    /** @type {HTMLElement | null} */
    const bar = stage.element.querySelector(".handle");
    if (bar) bar.style.left = `${value}%`;
  }

  /** The other one of the two that blink. */
  function turn() {
    const [first, second] = panes;
    if (mode !== "blink" || !second) return;
    const hidden = first.box.style.visibility === "hidden";
    first.box.style.visibility = hidden ? "" : "hidden";
    second.box.style.visibility = hidden ? "hidden" : "";
  }
  function hold() {
    if (still.matches) return turn(); // by hand alone
    const held = stage.pressed("pause");
    clearInterval(blinking);
    if (held) blinking = setInterval(turn, BLINK);
    else turn();
    stage.press("pause", !held);
  }

  // ---- where one looks

  function changed() {
    const { x, y, scale } = zoom.looking();
    const at = zoom.view ? [...[x, y].map((n) => Number(n.toFixed(1))), exact(scale)].join() : "";
    if (dialog.open) address.writeSoon({ at });
  }

  /** The points, or the signs of risk, that have a place. */
  const placed = () => allIn(points, "li[data-box]");
  const point = () => placed().find((item) => item.hasAttribute("data-current"));
  const boxOf = (/** @type {HTMLElement} */ item) =>
    (item.dataset.box ?? "").split(",").map(Number);

  /** Draw the point's region thinly on every picture: this one's, or that of the chosen one; what is
   * one model's on its own and the original. @param {HTMLElement} [item] */
  function outline(item = point()) {
    const { shapes, model } = item?.dataset ?? {};
    for (const { layer: canvas } of panes) {
      canvas.querySelector("svg:not(.drawn)")?.remove();
      const own = !model || ["original", `result:${model}`].includes(canvas.dataset.key ?? "");
      if (shapes && own) canvas.append(over(zoom.size, "region", ...strokes(shapes)));
    }
  }

  /** @param {HTMLElement} item */
  function mark(item) {
    for (const other of placed()) {
      other.toggleAttribute("data-current", other === item);
      const link = other.querySelector("a, button");
      if (other === item) link?.setAttribute("aria-current", "true");
      else link?.removeAttribute("aria-current");
    }
    item.scrollIntoView({ block: "nearest" });
    outline();
  }

  /** Look at its region. @param {HTMLElement} [item] */
  function visit(item) {
    if (!item || !panes.length) return;
    mark(item);
    zoom.visit(boxOf(item));
    address.write({ point: item.dataset.point ?? "" });
  }

  /** @param {1 | -1} by */
  function nextPoint(by) {
    const all = placed();
    const at = all.findIndex((one) => one.hasAttribute("data-current"));
    visit(all[around(at, by, all.length)]);
  }

  /** The sign of model A that a link leads to: to its middle, or beside it where the picture ends.
   * @param {number} x @param {number} y */
  const signAt = (x, y) =>
    placed().find((item) => {
      const [left, top, width, height] = boxOf(item);
      const far = Math.max(width, height, Math.min(...zoom.size) / 12);
      const off = Math.max(Math.abs(left + width / 2 - x), Math.abs(top + height / 2 - y));
      return off < far && `result:${item.dataset.model}` === a;
    });

  // ---- what is under the pointer

  /** @type {Promise<{ colours: ImageData | null, alphas: [string, ImageData][] } | null> | null} */
  let readings = null;

  /** The pixels of what is shown, where a page may read them. */
  function read() {
    readings ??= (async () => {
      try {
        const of = original();
        const whole = of && (await full(of, "original"));
        /** @type {[string, ImageData][]} */
        const alphas = [];
        for (const source of models()) {
          const grey = await full(source, "alpha");
          if (grey) alphas.push([source.model, pixelsOf(grey)]);
        }
        const matte = truth();
        const grey = matte && (await full(matte, "truth"));
        if (grey) alphas.push([named("truth"), pixelsOf(grey)]);
        return { colours: whole ? pixelsOf(whole) : null, alphas };
      } catch {
        return null; // files beside the page
      }
    })();
    return readings;
  }

  async function tell() {
    if (!stage.pointer || !article) return under.replaceChildren();
    const [x, y] = stage.pointer.map(Math.floor);
    if (x < 0 || y < 0 || x >= zoom.size[0] || y >= zoom.size[1]) return under.replaceChildren();
    const before = article;
    const what = await read();
    if (article !== before) return;
    const parts = [h("span", {}, `x ${x}  y ${y}`)];
    const index = (/** @type {ImageData} */ { width, height }) => {
      const column = Math.floor((x * width) / zoom.size[0]);
      const row = Math.floor((y * height) / zoom.size[1]);
      return 4 * (row * width + column);
    };
    if (what?.colours) {
      const at = index(what.colours);
      parts.push(h("span", {}, `RGB ${what.colours.data.slice(at, at + 3).join(" ")}`));
    }
    for (const [name, map] of what?.alphas ?? []) {
      const level = map.data[index(map)];
      parts.push(h("span", {}, `${name} α ${(level / 255).toFixed(3)}`));
    }
    if (!what) parts.push(h("span", {}, language.in(part("unread"))));
    under.replaceChildren(...parts);
  }

  // ---- cut-outs as files

  function files() {
    const rows = saveRows(models(), caseName(article), language.in(part("save-word")));
    part("files").replaceChildren(...rows);
    part("save").hidden = !rows.length;
    part("stored").hidden = !part("files").querySelector("button");
  }

  /** @param {HTMLElement} button */
  function save(button) {
    const source = models().find(({ model }) => model === button.dataset.save);
    if (source) saveCutout(source, original(), button.dataset.name ?? "");
  }

  // ---- open, next, close

  /** @param {HTMLElement} element @param {Wanted} [asked] */
  function open(element, asked = {}) {
    const all = sourcesOf(element);
    if (!all.length) return;
    const fresh = !dialog.open;
    if (article !== element) byHand.clear();
    article = element;
    sources = all;
    drawn = new Map();
    readings = stage.pointer = null;
    const [width, height] = pictureSize(element);
    zoom.size = [width, height];
    const before = fresh ? address.read() : {};
    if (fresh) [mode, layer, a, b] = ["all", "result", "", ""];
    if (MODES.includes(asked.mode)) mode = asked.mode;
    if (!can(mode)) mode = "all";
    const [kind, ...model] = (asked.a ?? "").split(":");
    const of = Object.values(LAYERS).find((one) => one === (asked.layer ?? before.layer ?? kind));
    if (of) layer = of;
    a = model.length ? `result:${model.join(":")}` : (asked.a ?? a);
    b = asked.b ?? b;
    [a, b] = [a, b].map((key) => (by(key) ? key : ""));
    if (!a && !b) a = models().length ? keyOf(models()[0]) : "";
    part("title").textContent = part("title").title = language.in(element.querySelector("h3"));
    const list = element.querySelector(".points") ?? (isPair() ? null : signsOf(element.id));
    const changed = isPair()
      ? element.querySelectorAll(".about > :is(.facts, .why, .changes)")
      : [];
    points.replaceChildren(...[...(list ? [list] : []), ...changed].map((e) => e.cloneNode(true)));
    points.classList.toggle("comparison", isPair());
    const page = element.querySelector('h3 a[href^="pages/"]')?.getAttribute("href");
    part("page").hidden = !page || Boolean(list);
    part("page")
      .querySelector("a")
      ?.setAttribute("href", page ?? "#");
    part("no-points").hidden = Boolean(list) || Boolean(page) || isPair();
    if (fresh) {
      zoom.view = null;
      stage.open();
    }
    files();
    show();
    const here = { view: element.id, case: "", point: "", ...chosen() };
    if (fresh && before.view !== element.id) address.enter(here);
    else address.write(here);
    const [x, y, scale] = (asked.at ?? "").split(",").map(Number);
    const view = scale > 0 ? { x, y, scale } : zoom.view;
    if (asked.point) visit(placed().find((item) => item.dataset.point === asked.point));
    if (view && (scale > 0 || !asked.point)) zoom.look(view); // within this picture, too
    const sign = signAt(x, y);
    if (sign) mark(sign);
    fillFilm(film, part("count"), element);
    stage.keep();
  }

  /** What the address has of it. */
  const chosen = () => ({
    a,
    b,
    mode: mode === "all" ? "" : mode,
    layer: layer === "result" ? "" : layer,
  });

  /** @param {1 | -1} by */
  function step(by) {
    const shown = shownRows().filter(pictured);
    const at = article ? shown.indexOf(article) : -1;
    if (shown.length) open(shown[around(at, by, shown.length)]);
  }

  function changeShown() {
    show();
    stage.keep();
    address.write(chosen());
  }

  /** @param {string} wanted */
  function enter(wanted) {
    if (!can(wanted)) return;
    mode = wanted;
    changeShown();
  }

  whenClosed(dialog, () => {
    const back = article;
    clearInterval(blinking);
    const left = address.leave({
      view: "",
      a: "",
      b: "",
      mode: "",
      layer: "",
      at: "",
      point: "",
      case: back?.id ?? "",
    });
    panes = [];
    stage.show(panes);
    film.replaceChildren();
    drawn = new Map();
    readings = article = null;
    const { opener } = stage;
    const own = opener?.closest("article.case") === back && opener;
    /** @type {HTMLElement | null} */
    const link = own || (back?.querySelector("figure.tile a, h3 a") ?? opener);
    link?.focus({ preventScroll: true });
    if (back && !own) left.then(() => settle(back)); // the browser scrolls as it goes back
  });

  // ---- hands

  dialog.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const button = target.closest("button");
    const { mode: own, layer: of } = button?.dataset ?? {};
    const command = button?.dataset.do;
    if (button && !enabled(button)) return;
    if (own) enter(own);
    else if (of) {
      layer = of;
      changeShown();
    } else if (button?.dataset.save) save(button);
    else if (command === "close") dialog.close();
    else if (command === "next") step(1);
    else if (command === "previous") step(-1);
    else if (command === "one") zoom.zoom(1 / devicePixelRatio);
    else if (command === "pause") hold();
    else if (command === "list") list();
    else if (button && film.contains(button)) {
      const other = document.getElementById(button.value);
      if (other) open(other);
    } else if (button && part("pick").contains(button)) {
      if (part("b").contains(button)) b = button.value;
      else if (mode === "one") [a, b] = [button.value, ""];
      else a = button.value;
      changeShown();
    } else stage.zooms(command);
    const row = /** @type {HTMLElement | null} */ (target.closest("li[data-box]"));
    if (row && points.contains(row)) {
      event.preventDefault();
      visit(row);
    }
  });
  points.addEventListener("pointerover", ({ target }) => {
    const row = target instanceof Element ? target.closest("li[data-box]") : null;
    outline(row instanceof HTMLElement ? row : undefined);
  });
  points.addEventListener("pointerleave", () => outline());
  share.addEventListener("input", divide);
  const list = () => {
    const now = !stage.pressed("list");
    stage.press("list", now);
    dialog.classList.toggle("without-list", !now);
    stage.keep();
  };
  stage.hear((key, { target }) => {
    const digit = MODES[Number(key) - 1];
    const of = LAYERS[/** @type {keyof typeof LAYERS} */ (key)];
    if (digit) enter(digit);
    else if (of && models().length && (of !== "error" || truth())) {
      layer = of;
      changeShown();
    } else if (key === "ArrowRight" || key === "j") step(1);
    else if (key === "ArrowLeft" || key === "k") step(-1);
    else if (key === "ArrowDown") nextPoint(1);
    else if (key === "ArrowUp") nextPoint(-1);
    else if (key === "p") list();
    else if (key === "d") {
      if (!stage.pressed("list")) list();
      byHand.begin();
      part("draw").scrollIntoView({ block: "nearest" });
    } else if (key === " " && mode === "blink" && target === stage.element) hold();
    else return false;
    return true;
  });

  /** @param {Touch} from @param {Touch} to @param {boolean} whole */
  function swipe(from, to, whole) {
    const [dx, dy] = [to.clientX - from.clientX, to.clientY - from.clientY];
    if (!whole || Math.abs(dx) < SWIPE || Math.abs(dx) < 2 * Math.abs(dy)) return;
    zoom.fit();
    step(dx < 0 ? 1 : -1);
  }

  return open;
}
