// Observation points by hand: a box, a polygon or lines drawn on pictures by pointer or keys, with a
// kind and words, as the TOML that a case.toml has. A point that is there is moved the same way.

import { download, enable, enabled, h, partsOf, pressOne } from "./dom.js";
import { Refusal } from "./offers.js";
import { over, strokes, svg } from "./svg.js";
import { within } from "./zoom.js";

/** @typedef {[number, number]} Spot in pixels of the picture */
/** @typedef {"box" | "polygon" | "lines"} Region */
/** @typedef {import("./zoom.js").Zoom} Zoom */
/** @typedef {Record<string, string>} Everywhere a text in every language */
/** @typedef {{ model: string, state: string, value: string, words: Everywhere }} Mark of a model */
/** @typedef {{ expected: string, marks: Mark[] }} Values what every model has at the point */
/**
 * @typedef {object} Host
 * @property {HTMLElement} panel with what one chooses, and the TOML
 * @property {Zoom} zoom
 * @property {HTMLElement} stage around the pictures
 * @property {() => void} focus let the pictures have the keys
 * @property {() => string} about which case or picture is shown
 * @property {HTMLElement} points the list of those that are there
 * @property {(name: string, values?: Record<string, string | number>) => Node[]} say words
 * @property {(text: Everywhere) => Node[]} text in the language that is shown
 * @property {(toml: string) => Promise<Values> | null} measure null: nothing can, here
 * @property {(toml: string, was: string) => Promise<{ file: string }>} write the point, new or in
 *   the place of what it was
 */

const TOOLS = ["box", "polygon", "lines", "move"];
const PIPS = /** @type {Record<string, string>} */ ({ passed: "•", failed: "✕", unmeasured: "○" });
const PAUSE = 250; // milliseconds without a change, before it is measured
/** @type {Record<string, Spot>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

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

/** A point without what makes no difference to what is measured. @param {string} toml */
const bare = (toml) => toml.replace(/^(id|title) .*\n/gm, "");

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

/** @param {Host} host */
export function drawing(host) {
  const { panel, zoom, stage, focus, about, points, say, text: everywhere, measure, write } = host;
  const part = partsOf(panel);
  const kind = /** @type {HTMLSelectElement} */ (part("kind"));
  const words = /** @type {HTMLInputElement} */ (part("point-en"));
  const chinese = /** @type {HTMLInputElement} */ (part("point-zh"));
  const text = /** @type {HTMLTextAreaElement} */ (part("toml"));
  const writing = /** @type {HTMLButtonElement} */ (panel.querySelector("[data-do=write-point]"));
  const nothing = () => ({
    region: /** @type {Region} */ ("box"),
    paths: /** @type {Spot[][]} */ ([]),
    id: "", // of a point that is moved
    was: "", // it, before
    besides: /** @type {Record<string, unknown>} */ ({}), // what else its case says of it
  });
  /** @type {Region | "move" | ""} */
  let tool = "";
  let shape = nothing();
  let earlier = shape; // what there was before the tool was taken
  let begun = false; // whether the hand that is down has drawn
  /** @type {Spot[][]} */
  let before = []; // where it was when a hand took it
  /** @type {Spot | null} */
  let cross = null; // where the keys are
  let held = -1; // the corner that goes with it, of all
  /** @type {Map<string, string>} */
  const written = new Map(); // by case and id, what was
  const ofCase = (/** @type {string} */ id) => `${about()}\n${id}`;

  /** @param {number} x @param {number} y @returns {Spot} */
  const spot = (x, y) => [
    Math.round(within(x, 0, zoom.size[0])),
    Math.round(within(y, 0, zoom.size[1])),
  ];

  /** An id that no other point of the case has. @param {string} title */
  function free(title) {
    const there = [...points.querySelectorAll("[data-point]")].map((point) =>
      point.getAttribute("data-point"),
    );
    const id = idOf(title);
    const taken = (/** @type {string} */ name) => there.includes(name) || written.has(ofCase(name));
    let name = id;
    for (let n = 2; taken(name); n++) name = `${id.slice(0, 36)}-${n}`;
    return name;
  }

  /** The point as TOML, or nothing while it is not whole. */
  function point() {
    const where = regionOf(shape.region, shape.paths);
    const title = words.value.trim();
    const other = chinese.value.trim();
    const titles = [title && `en = ${quoted(title)}`, other && `zh = ${quoted(other)}`];
    if (!where) return "";
    return [
      "[[points]]",
      `id = "${shape.id || free(title)}"`,
      `kind = "${kind.value}"`,
      ...(title || other ? [`title = { ${titles.filter(Boolean).join(", ")} }`] : []),
      where,
      ...Object.entries(shape.besides).map(([key, value]) => `${key} = ${value}`),
      "",
    ].join("\n");
  }

  function tell() {
    text.value = point();
    for (const name of ["copy-point", "save-point", "write-point"]) {
      const button = /** @type {Element} */ (panel.querySelector(`[data-do=${name}]`));
      enable(button, text.value !== "" && (name !== "write-point" || text.value !== shape.was));
    }
    pressOne(panel, "tool", tool);
    part("written").replaceChildren();
    values();
    show();
  }

  /** The shape on every picture, and the cross. */
  function show() {
    const { region, paths } = shape;
    const closed = region === "lines" ? "" : "Z";
    const [spots = []] = paths;
    /** @type {Spot[][]} */
    const corners =
      region === "box" && spots.length === 2
        ? [[spots[0], [spots[1][0], spots[0][1]], spots[1], [spots[0][0], spots[1][1]]]]
        : paths;
    const d = corners.map((path) => `M${path.map((each) => each.join(" ")).join("L")}${closed}`);
    const [width, height] = zoom.size;
    for (const { layer } of zoom.panels) {
      layer.querySelector("svg.drawn")?.remove();
      if (!paths.length && !cross) continue;
      const drawn = strokes(d.join(""));
      if (cross) {
        const [x, y] = cross;
        const lines = `M0 ${y}H${width}M${x} 0V${height}`;
        drawn.push(
          svg("path", { class: "cross under", d: lines }),
          svg("path", { class: "cross", d: lines }),
          svg("path", { class: held < 0 ? "hand" : "hand held", d: `M${x} ${y}h0` }),
        );
      }
      layer.append(over(zoom.size, "region drawn", ...drawn));
    }
  }

  // ---- what the models have there

  let [wanted, measured] = ["", ""];
  let busy = false;
  let timer = 0;
  let round = 0; // another case has another

  /** Measure the point as it is now. */
  function values() {
    wanted = text.value;
    clearTimeout(timer);
    const old = bare(wanted) !== measured; // what is shown is of another point
    part("values").setAttribute("aria-busy", String(old));
    if (!old) return;
    if (wanted) timer = setTimeout(ask, PAUSE);
    else told([]);
  }

  /** @param {Node[]} nodes */
  function told(nodes) {
    measured = bare(wanted);
    part("values").replaceChildren(...nodes);
    part("values").setAttribute("aria-busy", "false");
  }

  async function ask() {
    if (busy) return; // it looks again when it is done
    busy = true;
    const [toml, own] = [wanted, round];
    /** @type {Node[]} */
    let nodes;
    try {
      const found = await measure(toml);
      nodes = found ? listed(found) : say("later");
    } catch (error) {
      nodes = why(error);
    }
    busy = false;
    if (bare(toml) === bare(wanted) && own === round) told(nodes);
    else values();
  }

  /** @param {Values} values */
  const listed = ({ expected, marks }) => [
    h("p", {}, ...(expected ? say("expected", { expected }) : [])),
    h(
      "ul",
      {},
      ...marks.map(({ model, state, value, words: sentence }) =>
        h(
          "li",
          { class: state },
          h("i", { class: `pip ${state}`, "aria-hidden": "true" }, PIPS[state]),
          h("span", { class: "model" }, model),
          h("strong", { class: "value" }, value),
          h("span", { class: "sentence" }, ...everywhere(sentence)),
        ),
      ),
    ),
  ];

  /** @param {unknown} error */
  const why = (error) =>
    error instanceof Refusal && error.problem && error.remedy
      ? [...everywhere(error.problem), new Text(" "), ...everywhere(error.remedy)]
      : say("no-answer");

  async function put() {
    const toml = text.value;
    const id = /^id = "([^"]*)"/m.exec(toml)?.[1] ?? "";
    const [put, place, was] = [shape, ofCase(id), shape.was];
    if (toml === was) return; // pressed twice
    put.was = toml; // from now on it is moved
    try {
      const { file } = await write(toml, was);
      written.set(place, toml);
      put.id = id;
      part("written").replaceChildren(...say("written", { file }));
    } catch (error) {
      if (put.was === toml) put.was = was;
      part("written").replaceChildren(...why(error));
    }
  }

  // ---- by pointer

  /** @param {import("./zoom.js").Line} line */
  function draw([x1, y1, x2, y2]) {
    const fresh = !begun;
    begun = true;
    cross = null;
    if (tool === "move") {
      if (fresh) before = shape.paths;
      shift(before, x2 - x1, y2 - y1);
    } else if (tool === "lines") {
      const { paths } = shape;
      const others = fresh || !paths.length ? paths : paths.slice(0, -1);
      shape.paths = [...others, [spot(x1, y1), spot(x2, y2)]];
    } else if (tool === "box") shape.paths = [[spot(x1, y1), spot(x2, y2)]];
    tell();
  }

  /** The whole of it, as far as the picture goes. @param {Spot[][]} from @param {number} dx @param {number} dy */
  function shift(from, dx, dy) {
    const [right, down] = [dx, dy].map((by, axis) => {
      const all = from.flat().map((each) => each[axis]);
      const [least, most] = [-Math.min(...all), zoom.size[axis] - Math.max(...all)];
      return Math.round(within(by, least, most));
    });
    shape.paths = from.map((path) => path.map(([x, y]) => [x + right, y + down]));
  }

  /** @param {string} to a tool, or none */
  function take(to) {
    const other = to !== "move" && to !== shape.region;
    const taken = !tool;
    tool = to === tool ? "" : /** @type {typeof tool} */ (to);
    if (taken) earlier = { ...shape };
    held = -1;
    if (!tool) cross = null;
    if (tool === "move") adopt();
    else if (tool) {
      if (other || shape.id) shape = nothing();
      shape.region = tool;
    }
    kinds();
    zoom.draw = tool && tool !== "polygon" ? draw : null;
    stage.classList.toggle("placing", Boolean(tool));
    tell();
  }

  /** Kinds that cannot be of this region cannot be chosen. */
  function kinds() {
    for (const option of kind.options) {
      option.disabled = !option.dataset.regions?.split(" ").includes(shape.region);
    }
    if (kind.selectedOptions[0]?.disabled) {
      kind.value = [...kind.options].find((option) => !option.disabled)?.value ?? kind.value;
    }
  }

  /** The point that is chosen in the list becomes the one that is moved, if it is not yet. */
  function adopt() {
    const chosen = /** @type {HTMLElement | null} */ (points.querySelector("li[data-current]"));
    if (!chosen?.dataset.region || chosen.dataset.point === shape.id) return;
    const { region, paths, besides, kind: own, title } = JSON.parse(chosen.dataset.region);
    shape = { region, paths, besides, id: chosen.dataset.point ?? "", was: "" };
    kind.value = own;
    words.value = title.en ?? "";
    chinese.value = title.zh ?? "";
    shape.was = written.get(ofCase(shape.id)) ?? point();
  }

  function clear() {
    if (tool) zoom.draw = null;
    [tool, cross, held] = ["", null, -1];
    shape = nothing();
    stage.classList.remove("placing");
    words.value = chinese.value = "";
    round++;
    tell();
  }

  // ---- by keys

  /** @param {string} name @param {Record<string, string | number>} [values] */
  const announce = (name, values) => part("told").replaceChildren(...say(name, values));
  const corners = () =>
    shape.paths.flatMap((path, number) => path.map((at, corner) => ({ at, number, corner })));

  /** Take a tool, the keys with it. @param {string} [to] */
  function begin(to = tool || "box") {
    /** @type {HTMLDetailsElement} */ (panel).open = true;
    if (to !== tool) take(to);
    const { x, y } = zoom.looking();
    cross = (tool === "move" && corners()[0]?.at) || (cross ?? spot(x, y));
    focus();
    show();
    announce(`begin-${tool}`);
  }

  /** @param {Spot} by pixels */
  function go([dx, dy]) {
    const { x, y } = zoom.looking();
    const [left, top] = cross ?? spot(x, y);
    const all = corners();
    if (tool === "move" && held < 0 && all.length) {
      shift(shape.paths, dx, dy);
      cross = corners()[0].at;
    } else {
      cross = spot(left + dx, top + dy);
      if (held >= 0) {
        const { number, corner } = all[held];
        const to = cross;
        shape.paths = shape.paths.map((path, n) =>
          n === number ? path.map((at, c) => (c === corner ? to : at)) : path,
        );
      }
    }
    follow();
    tell();
    announce("at", { x: cross[0], y: cross[1] });
  }

  /** Bring the cross back where it is seen. */
  function follow() {
    const { x, y, scale } = zoom.looking();
    const box = zoom.panels[0]?.box;
    if (!box || !cross || !zoom.view) return;
    const out = [cross[0] - x, cross[1] - y].map((far) => Math.abs(far) * scale);
    if (out[0] > box.clientWidth / 2 - 8 || out[1] > box.clientHeight / 2 - 8)
      zoom.look({ x: cross[0], y: cross[1], scale });
  }

  /** A corner where the cross is, or let go of the one that is held. */
  function place() {
    const { region, paths } = shape;
    const { x, y } = zoom.looking();
    const at = cross ?? spot(x, y);
    cross = at;
    if (held >= 0) held = -1;
    else if (tool === "polygon") shape.paths = [[...(paths[0] ?? []), at]];
    else if (tool !== "move") {
      shape.paths = [...(region === "lines" ? paths : []), [at, at]];
      held = corners().length - 1; // the other end goes on
    }
    tell();
    announce("placed", { x: at[0], y: at[1], all: corners().length });
  }

  /** Hold the next corner. */
  function next() {
    const all = corners();
    if (!all.length) return;
    held = (held + 1) % all.length;
    cross = all[held].at;
    follow();
    show();
    announce("holds", { number: held + 1, all: all.length, x: cross[0], y: cross[1] });
  }

  /** Without the corner that is held, or the last; a box and a line have no other then. */
  function drop() {
    const there = corners().at(held);
    if (!there) return;
    const { number, corner } = there;
    const left = shape.paths[number].filter((_, n) => n !== corner);
    const kept = shape.region === "polygon" && left.length ? [left] : [];
    shape.paths = shape.paths.toSpliced(number, 1, ...kept);
    held = -1;
    tell();
    announce("dropped", { all: corners().length });
  }

  /** @param {boolean} keep whether what was drawn stays */
  function end(keep) {
    if (!keep) shape = earlier;
    take(tool);
    if (keep) kind.focus();
    else focus();
    announce(!keep ? "left" : text.value ? "ended" : "open");
  }

  /** Whether the key meant something. @param {KeyboardEvent} event */
  function key(event) {
    const { key: name, shiftKey } = event;
    if (!tool || event.ctrlKey || event.metaKey || event.altKey) return false;
    const arrow = ARROWS[name];
    const step = shiftKey ? 10 : 1;
    const button = event.target instanceof Element && event.target.closest("button, summary");
    if (arrow) go([step * arrow[0], step * arrow[1]]);
    else if (name === "Escape") end(false);
    else if (name === "Delete" || name === "Backspace") drop();
    else if (name.toLowerCase() === "n") next();
    else if (name.toLowerCase() === "d") begin(TOOLS[(TOOLS.indexOf(tool) + 1) % TOOLS.length]);
    else if (button)
      return false; // Enter and Space press it
    else if (name === "Enter") end(true);
    else if (name === " ") place();
    else return false;
    event.preventDefault();
    event.stopPropagation(); // what is around has keys of its own
    return true;
  }

  panel.addEventListener("click", ({ target, detail }) => {
    const button = target instanceof Element ? target.closest("button") : null;
    if (!button || !enabled(button)) return;
    const { tool: chosen, do: command } = button.dataset;
    if (chosen && !detail && chosen !== tool)
      begin(chosen); // by a key
    else if (chosen) take(chosen);
    else if (command === "clear-point") clear();
    else if (command === "write-point") put();
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
    if (target === text) values();
    else tell();
  });
  panel.addEventListener("keydown", (event) => {
    const own = event.target instanceof Element && event.target.matches("input, textarea, select");
    if (own && event.key !== "Escape")
      event.stopPropagation(); // what one writes
    else if (!own) key(event);
  });
  stage.addEventListener("keydown", key, true); // before the pictures' own
  stage.addEventListener("pointerdown", () => {
    begun = false;
  });
  stage.addEventListener("click", (event) => {
    const on = zoom.panels.some(({ box }) => box.contains(/** @type {Node} */ (event.target)));
    if (tool !== "polygon" || zoom.moved || !on) return;
    const [spots = []] = shape.paths;
    shape.paths = [[...spots, spot(...zoom.point(event))]];
    cross = null;
    tell();
  });

  return {
    begin,
    clear,
    show: tell,
    /** There are other models than before. */
    again() {
      measured = "";
      round++;
      values();
    },
    /** What can be chosen. @param {HTMLOptionElement[]} options */
    kinds(options) {
      kind.replaceChildren(...options);
      kinds();
    },
    /** @param {boolean} can whether points may be written */
    writes(can) {
      writing.hidden = !can;
    },
    /** The pointer does something else. */
    rest() {
      if (tool) take(tool);
    },
  };
}
