// The page of explore: choose, see, press, look closely, save.

import { AlphaMap } from "./alpha.js";
import { marks, showHistogram, showProfile } from "./closely.js";
import { download, enable, enabled, h } from "./dom.js";
import { drawing } from "./draw.js";
import { layout, panel, WORDS } from "./layout.js";
import { picture } from "./pixels.js";
import { _, bytes, Texts } from "./text.js";
import { Refused, Wire } from "./wire.js";
import { zip } from "./zip.js";
import { within, Zoom } from "./zoom.js";

const STAGES = ["waiting", "weights", "loading", "warming", "ready"];
/** @type {Record<string, string>} what a model is doing until it is ready */
const LOADING = {
  waiting: _("Loading {model}…"),
  weights: _("Loading {model}: weights… {text}"),
  loading: _("Loading {model}: checking the weights, building the network…"),
  warming: _("Loading {model}: first inference…"),
};
/** @type {Record<string, string>} what a model is doing with a picture */
const DOING = {
  preprocess: _("Preparing…"),
  infer: _("Computing alpha…"),
  postprocess: _("To full size…"),
  encode: _("Writing the PNG…"),
};
const STATES = {
  chosen: _("waiting"),
  here: _("waiting"),
  busy: _("working…"),
  done: _("done"),
  failed: _("not possible"),
};
/** @type {Record<string, string>} what draw.js says */
const POINTS = {
  "begin-box": _(
    "Box: arrows move the cross, Space places the first corner, then the other, Enter ends",
  ),
  "begin-polygon": _("Polygon: arrows move the cross, Space places a corner, Enter ends"),
  "begin-lines": _("Lines: arrows move the cross, Space begins a line and ends it, Enter ends"),
  "begin-move": _("Move: arrows move the whole, N takes a corner, Enter ends"),
  at: "x {x}, y {y}",
  placed: _("Corner placed at x {x}, y {y}; corners: {all}"),
  holds: _("Corner {number} of {all}: x {x}, y {y}"),
  dropped: _("Corner deleted; corners: {all}"),
  ended: _("The region is drawn: choose kind and words"),
  open: _("There is no whole region yet"),
  left: _("It is as it was before"),
  expected: _("Expected: {expected}"),
  later: _("Every model's value is here once the background is removed."),
  "no-answer": _("That did not work."),
  written: _("Written to {file}. The next run has it."),
};
const RESULT_BY = _("Result by {model}. Plus and minus zoom, arrows move, 0 fits.");
const UNSHOWABLE = /\.(heic|heif|hif|tiff?)$/i; // by most browsers

/** @typedef {import("./wire.js").Message} Message */
/** @typedef {import("./layout.js").Side} Side */
/** @typedef {import("./pixels.js").Drawable} Drawable */
/** @typedef {Message & { url: string, blob?: Blob | null, clicked: number, shown?: number }} Result */
/**
 * @typedef {object} Item a picture that was chosen
 * @property {string} id
 * @property {string} name
 * @property {number | null} size bytes; null of a case until it is known
 * @property {File} [file]
 * @property {string} [case] the name of the case that it is
 * @property {"chosen" | "here" | "busy" | "done" | "failed"} state
 * @property {Map<string, Result>} results
 * @property {string | null} [url] what the browser shows
 * @property {boolean} [preview] whether the kernel has to make something that it can
 * @property {Promise<void> | null} [arrived]
 * @property {number} [width]
 * @property {number} [height]
 * @property {unknown} [failure]
 * @property {boolean} [bad] whether it cannot be had or read, so that no model can be tried
 */

export class Explorer {
  wire = new Wire(
    (message) => this.#welcome(message),
    (message) => this.#modelsAre(message),
  );
  zoom = new Zoom({ changed: () => this.#looked(), scrolls: true });
  /** @type {import("./zoom.js").Line | null} */
  #line = null; // along which alpha is drawn
  /** @type {Message[]} */
  #models = [];
  /** @type {Message[]} */
  #cases = [];
  /** @type {Item[]} */
  #items = []; // all pictures; of several, a list is shown
  /** @type {Item | null} */
  #item = null; // the one that is looked at
  /** @type {Item | null} */
  #busy = null;
  /** @type {[string, import("./text.js").Values] | null} */
  #work = null; // that it has begun, and how it ended: once each, for who hears the page
  /** @type {unknown} */
  #troubled = null;
  /** @type {Side[]} */
  #sides = []; // a panel for each chosen model
  /** @type {ReturnType<typeof drawing>} */
  #points;

  /**
   * @param {HTMLElement} root
   * @param {import("./text.js").Strings} strings
   * @param {string | null} lang
   */
  constructor(root, strings, lang) {
    this.root = root;
    this.texts = new Texts(strings, lang);
    this.ui = layout(root, this.texts, this);
    this.#watch(this.ui.original);
    this.#points = this.#byHand();
    this.#setSides([""]);
    const paste = (/** @type {ClipboardEvent} */ event) => this.#pasted(event);
    root.addEventListener("paste", paste);
    if (root.dataset.page) document.addEventListener("paste", paste);
    const keys = root.dataset.page ? document : root; // a page is all there is to mean
    keys.addEventListener("keydown", (event) => this.#key(/** @type {KeyboardEvent} */ (event)));
    this.#translate();
  }

  otherLanguage() {
    this.texts.lang = this.texts.next;
    this.#translate();
  }

  #translate() {
    this.root.lang = this.texts.tag;
    if (this.root.dataset.page) {
      document.documentElement.lang = this.root.lang;
      document.title = this.texts.t(_("Remove a background"));
    }
    this.texts.translate(this.root);
    this.ui.language.textContent = this.texts.nextName;
    if (this.#models.length) this.#modelsAre({ models: this.#models }); // why one could not be loaded
    this.#points.again();
    this.#nameCases();
    this.#showList();
    this.#complain(this.#troubled);
    this.#looked();
  }

  // What the kernel says

  /** @param {Message} message */
  #welcome(message) {
    this.#cases = message.cases;
    this.#nameCases();
    this.ui.adding.hidden = !message.adds;
    this.ui.category.replaceChildren(
      ...message.categories.map((/** @type {[string, string]} */ [name, title]) =>
        this.texts.label("option", title, { value: name }),
      ),
    );
    this.#points.kinds(
      message.kinds.map((/** @type {string[]} */ [name, title, regions]) =>
        this.texts.label("option", title, { value: name, "data-regions": regions }),
      ),
    );
    this.#points.writes(message.adds);
    for (const option of this.ui.foreground.options) {
      option.hidden = option.disabled = !message.foregrounds.includes(option.value);
    }
    for (const side of this.#sides) this.#hint(side);
  }

  #nameCases() {
    const { cases } = this.ui;
    const chosen = cases.value;
    cases.replaceChildren(
      h("option", { value: "" }, this.texts.t(_("none"))),
      ...this.#cases.map(({ name, category, title }) => {
        const titled = title[this.texts.lang] ?? title.en ?? name;
        return h("option", { value: name }, `${this.texts.t(category)} · ${titled}`);
      }),
    );
    cases.value = chosen;
    cases.disabled = !this.#cases.length;
  }

  /** @param {Message} message */
  #modelsAre({ models, gone }) {
    const { status, bar } = this.ui;
    this.#models = models;
    if (gone) {
      this.texts.say(status, _("The models are not there just now. Reload the page in a moment."));
      return;
    }
    const [first, second] = this.ui.models;
    const names = this.#models.map(({ model }) => model).join("\n");
    if (first.dataset.names !== names) {
      first.dataset.names = names;
      const options = () => this.#models.map(({ model }) => h("option", { value: model }, model));
      first.replaceChildren(...options());
      second.replaceChildren(this.texts.label("option", _("none"), { value: "" }), ...options());
      first.disabled = false;
      second.disabled = models.length < 2;
      this.chosen();
    }
    bar.hidden = !this.#loading();
    const done = this.#models.map(({ stage }) => (stage === "failed" ? 4 : STAGES.indexOf(stage)));
    bar.value = done.reduce((sum, count) => sum + count, 0) / (4 * models.length);
    this.root.dataset.ready = String(this.#models.some(({ stage }) => stage === "ready"));
    this.#status();
    this.offer();
  }

  #loading() {
    return this.#models.find(({ stage }) => !["ready", "failed"].includes(stage));
  }

  /** The line that says what is going on. */
  #status() {
    const { status } = this.ui;
    const next = this.#loading();
    const failed = this.#models.find(({ stage }) => stage === "failed");
    if (next) {
      this.texts.say(status, LOADING[next.stage], { model: next.title, text: next.text });
    } else if (this.#work) {
      this.texts.say(status, ...this.#work);
    } else if (failed) {
      const problem = failed.problem[this.texts.lang];
      this.texts.say(status, _("{model} could not be loaded. {problem}"), {
        model: failed.model,
        problem,
      });
    } else if (this.#models.length) {
      const names = this.#models.map(({ model }) => model).join(this.texts.t(_(", ")));
      this.texts.say(status, _("Ready: {models}"), { models: names });
    }
  }

  /** @param {string} words @param {import("./text.js").Values} values */
  #tell(words, values) {
    this.#work = [words, values];
    this.#status();
  }

  /** Other models, or another way to estimate colours. */
  chosen() {
    const [first, second] = this.ui.models.map((choice) => choice.value);
    this.#setSides(second && second !== first ? [first, second] : [first]);
    this.#show();
    this.offer();
  }

  /** @param {string[]} models */
  #setSides(models) {
    while (this.#sides.length < models.length) {
      const side = panel(this.texts, "result");
      this.ui.panels.append(side.figure);
      this.#watch(side);
      this.#sides.push(side);
    }
    const several = models.length > 1;
    this.#sides.forEach((side, number) => {
      side.figure.hidden = number >= models.length;
      side.model = models[number] ?? "";
      const { model } = side;
      this.texts.say(side.label, several ? _("Result · {model}") : _("Result"), { model });
      const words = several ? RESULT_BY : WORDS.result.hint;
      this.texts.say(side.box, words, { model }, "aria-label");
      this.texts.say(side.save, several ? _("Save PNG · {model}") : "", { model }, "aria-label");
    });
    this.ui.panels.dataset.count = String(1 + models.length);
    // A difference takes two.
    const { views } = this.ui.looking;
    const [result, , apart] = views.querySelectorAll("label");
    apart.hidden = models.length < 2;
    if (apart.hidden && this.root.dataset.view === "difference") result.click();
    this.zoom.place();
  }

  /** @param {Side} side */
  #watch(side) {
    this.zoom.panels.push(side);
    this.zoom.listen(side.box);
    side.box.addEventListener("keydown", (event) => this.zoom.key(event));
  }

  /** Points that are drawn on the pictures. */
  #byHand() {
    const { drawn: panel } = this.ui.looking;
    // What a drag draws is a line or a point.
    const other = (/** @type {MouseEvent} */ { target }) => {
      if (target instanceof Element && target.closest("[data-tool]")) this.#noLine();
    };
    panel.addEventListener("click", other, true);
    return drawing({
      panel,
      zoom: this.zoom,
      stage: this.ui.panels,
      focus: () => this.ui.original.box.focus({ preventScroll: true }),
      about: () => this.#item?.id ?? "",
      points: h("ul"),
      say: (name, values) => [new Text(this.texts.t(POINTS[name], values))],
      text: (text) => [new Text(text[this.texts.lang] ?? text.en)],
      measure: (toml) => {
        const item = this.#item;
        const foreground = this.ui.foreground.value;
        const any = [...(item?.results.keys() ?? [])].some((key) =>
          key.endsWith(`\n${foreground}`),
        );
        return item && any ? this.wire.of("measure", item, { foreground, toml }) : null;
      },
      write: (toml, was) =>
        this.#item
          ? this.wire.of("write", this.#item, { toml, was })
          : Promise.reject(new Error("no picture")),
    });
  }

  #noLine() {
    if (this.ui.looking.line.getAttribute("aria-pressed") === "true") this.drawLine();
  }

  #shownSides() {
    return this.#sides.filter((side) => !side.figure.hidden);
  }

  // Choosing

  /** @param {ClipboardEvent} event */
  #pasted(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) {
      event.preventDefault();
      event.stopPropagation();
      this.choose(files);
    }
  }

  /** @param {File[]} files */
  choose(files) {
    if (!files.length) return;
    this.ui.cases.value = "";
    this.#replace(
      files.map((file) => ({ file, name: file.name || "picture.png", size: file.size })),
    );
  }

  /** @param {string} name */
  chooseCase(name) {
    if (!name) return;
    const { category } = this.ui;
    category.value = name.split("/")[0];
    if (category.selectedIndex < 0) category.selectedIndex = category.length - 1; // of none of ours
    this.#replace([{ case: name, name, size: null }]);
  }

  /** @param {Pick<Item, "name" | "size" | "file" | "case">[]} described */
  #replace(described) {
    for (const item of this.#items) this.#release(item);
    this.#items = described.map((item) => ({
      ...item,
      id: this.wire.key("p"),
      results: new Map(),
      state: "chosen",
    }));
    this.#work = null;
    this.#status();
    this.texts.say(this.ui.added, "");
    this.#look(this.#items[0]);
    this.#arrive(this.#items[0]).catch(() => {}); // it has been told already
  }

  /** @param {Item} item */
  #release(item) {
    if (item.url) URL.revokeObjectURL(item.url);
    for (const { url } of item.results.values()) {
      if (url.startsWith("blob:")) URL.revokeObjectURL(url);
    }
    if (item.arrived) this.wire.forget(item);
  }

  /** Show `item`, what there is of it. @param {Item} item */
  #look(item) {
    const { original, arriving } = this.ui;
    this.#item = item;
    this.#points.clear();
    this.#complain(null);
    arriving.hidden = true;
    this.#name(item);
    this.#noOriginal(_("Your picture appears here"));
    this.texts.say(original.about, "");
    if (item.failure) this.#complain(item.failure);
    if (item.url) this.#showOriginal(item);
    else if (item.bad) this.#unshowable();
    else if (item.file) this.#openFile(item, item.file);
    this.#show();
    this.#showList();
    this.offer();
  }

  /** @param {string} words in place of a picture */
  #noOriginal(words) {
    const { original } = this.ui;
    original.image?.remove();
    original.image = null;
    original.empty.hidden = false;
    this.texts.say(original.empty, words);
  }

  #unshowable() {
    this.#noOriginal(_("No picture can be shown"));
    this.#noLine();
    this.ui.looking.box.hidden = true; // there is nothing to look at
  }

  /** @param {Item} item */
  #name({ name, size }) {
    if (size === null) this.texts.say(this.ui.chosen, _("Chosen: {name}"), { name });
    else this.texts.say(this.ui.chosen, _("Chosen: {name} ({size})"), { name, size: bytes(size) });
  }

  /**
   * The file as the browser shows it, at once; what it cannot show, the kernel will.
   * @param {Item} item
   * @param {File} file
   */
  #openFile(item, file) {
    const url = URL.createObjectURL(file);
    item.url = url;
    this.#showOriginal(item).catch(() => {
      item.preview = true;
      URL.revokeObjectURL(url);
      item.url = null;
    });
  }

  /** @param {Item} item */
  async #showOriginal(item) {
    const { original, looking } = this.ui;
    const image = h("img", { draggable: "false", src: item.url });
    this.texts.say(image, _("{name}: the original"), { name: item.name }, "alt");
    original.image?.remove();
    original.image = image;
    await image.decode(); // before it is put anywhere: no page shows a broken picture
    if (this.#item !== item || original.image !== image) return;
    original.layer.prepend(image);
    item.width ??= image.naturalWidth;
    item.height ??= image.naturalHeight;
    original.empty.hidden = true;
    const aspect = within(item.width / item.height, 0.75, 1.6);
    this.root.style.setProperty("--aspect", String(aspect));
    this.#measure(item.width, item.height);
    looking.box.hidden = false;
  }

  /** @param {number} width @param {number} height of the picture, in its pixels */
  #measure(width, height) {
    const { zoom } = this;
    if (zoom.size[0] !== width || zoom.size[1] !== height) {
      zoom.size = [width, height];
      zoom.view = null;
      this.#line = null;
    }
    zoom.place();
    this.texts.say(this.ui.original.about, _("{width} × {height} px"), { width, height });
  }

  /** Bring the picture to the kernel, once. @param {Item} item */
  #arrive(item) {
    item.arrived ??= this.#bring(item);
    return item.arrived;
  }

  /** @param {Item} item */
  async #bring(item) {
    const { file } = item;
    if (file) {
      // Whether the browser can show it decides what is asked for with the last part.
      const probe = item.url && this.ui.original.image;
      if (probe && this.#item === item) {
        await probe.decode().catch(() => {
          item.preview = true;
        });
      } else item.preview ??= UNSHOWABLE.test(item.name);
    }
    try {
      const about = file
        ? await this.wire.upload(item, file, (share) => this.#arrivedSoFar(item, share))
        : await this.wire.openCase(item);
      const { width, height } = about;
      Object.assign(item, { width, height });
      if (item.case) Object.assign(item, { name: about.name, size: about.size });
      if (item.state === "chosen") item.state = "here";
      if (about.shown) {
        item.url = URL.createObjectURL(about.shown);
        if (this.#item === item) await this.#showOriginal(item);
      }
      if (this.#item === item) {
        this.#name(item);
        this.#measure(width, height);
      }
    } catch (error) {
      Object.assign(item, { bad: true, state: "failed", failure: error });
      if (this.#item === item) {
        const refused = error instanceof Refused && error.answer.problem;
        if (refused || !item.url) this.#unshowable();
        this.#complain(error);
      }
      throw error;
    } finally {
      if (this.#item === item) this.ui.arriving.hidden = true;
      if (!this.#items.includes(item)) this.#release(item);
      this.#showList();
      this.offer();
    }
  }

  /** @param {Item} item @param {number} share */
  #arrivedSoFar(item, share) {
    if (this.#item !== item) return;
    this.ui.arriving.hidden = share >= 1;
    this.ui.arriving.value = share;
  }

  // Removing

  /** @param {string} model */
  #by(model) {
    return `${model}\n${this.ui.foreground.value}`;
  }

  /** Whether the button can be pressed, and what it says. */
  offer() {
    const { go, add } = this.ui;
    const count = this.#items.length;
    const busy = this.#busy !== null && this.#items.includes(this.#busy);
    const failed = this.#shownSides().every(
      (side) => this.#models.find(({ model }) => model === side.model)?.stage === "failed",
    );
    const nothing = this.#items.every((item) => item.bad || this.#isWhole(item));
    enable(go, !busy && !nothing && !(this.#models.length > 0 && failed));
    const words = count > 1 ? _("Remove {count} backgrounds") : _("Remove background");
    this.texts.say(go, busy ? _("Working…") : words, { count });
    go.setAttribute("aria-busy", String(busy));
    const { bad, state } = this.#item ?? { bad: true, state: "failed" };
    enable(add, !bad && state !== "chosen" && state !== "busy");
  }

  /** Whether every model that is chosen has done its part. @param {Item} item */
  #isWhole(item) {
    return this.#shownSides().every((side) => item.results.has(this.#by(side.model)));
  }

  async go() {
    if (!enabled(this.ui.go)) return;
    const items = this.#items;
    const left = items.filter((item) => !item.bad && !this.#isWhole(item));
    const [{ name }] = left;
    const count = left.length;
    const one = count === 1;
    const begun = one
      ? _("Removing the background of {name}…")
      : _("Removing {count} backgrounds…");
    this.#tell(begun, { name, count });
    for (const item of left) {
      if (this.#items !== items) return;
      if (item.bad || this.#isWhole(item)) continue;
      this.#busy = item;
      this.offer();
      await this.#remove(item, items.length > 1);
    }
    if (this.#items !== items) return;
    this.#busy = null;
    this.offer();
    this.#showList();
    const done = left.filter(({ state }) => state === "done").length;
    if (!one) this.#tell(_("Done: {done} of {count} pictures"), { done, count });
    else this.#tell(done ? _("Done: {name}") : _("Not possible: {name}"), { name });
  }

  /** @param {Item} item @param {boolean} many */
  async #remove(item, many) {
    let clicked = performance.now();
    try {
      Object.assign(item, { state: "busy", failure: null });
      if (this.#item === item) this.#complain(null);
      this.#showList();
      await this.#arrive(item);
      for (const model of this.#shownSides().map((side) => side.model)) {
        const key = this.#by(model);
        if (item.results.has(key)) continue;
        const foreground = this.ui.foreground.value;
        const seen = () => this.#shownSides().find((side) => side.model === model);
        const message = await this.wire.remove(item, model, foreground, (step) => {
          const side = this.#item === item && seen(); // meanwhile another may be chosen
          if (side) this.#progress(side, step);
        });
        const result = /** @type {Result} */ ({ ...message, clicked });
        if (many && !result.blob) {
          result.blob = await (await fetch(result.url)).blob();
          result.url = URL.createObjectURL(result.blob);
        }
        item.results.set(key, result);
        if (this.#item === item) this.#points.again();
        const side = this.#item === item && seen();
        if (side) await this.#showResult(side, item, result);
        clicked = performance.now(); // the second model begins here
      }
      item.state = "done";
    } catch (error) {
      Object.assign(item, { state: "failed", failure: error });
      if (this.#item === item) this.#complain(error);
    }
    if (many) {
      this.wire.forget(item);
      if (!item.bad) item.arrived = null;
    }
    if (!this.#items.includes(item)) this.#release(item);
    this.#show();
    this.#showList();
  }

  /** @param {Side} side @param {Message} step */
  #progress(side, { stage, before }) {
    this.#clear(side);
    side.box.setAttribute("aria-busy", "true");
    const words = stage === "queued" ? _("{before} before you…") : DOING[stage];
    this.texts.say(side.empty, words, { before });
  }

  /** The results that there are of the picture that is looked at. */
  #show() {
    this.#points.again();
    for (const side of this.#shownSides()) {
      const result = this.#item?.results.get(this.#by(side.model));
      if (this.#item && result) {
        this.#showResult(side, this.#item, result).catch((error) => this.#complain(error));
      } else this.#clear(side);
    }
    this.#looked();
  }

  /** @param {Side} side */
  #clear(side) {
    side.image?.remove();
    side.grey?.remove();
    for (const one of this.#sides) {
      one.apart?.remove(); // it was of both
      one.apart = null;
    }
    side.image = side.grey = side.alpha = side.result = null;
    side.box.removeAttribute("aria-busy");
    side.done.hidden = side.save.hidden = true;
    side.empty.hidden = false;
    this.texts.say(side.empty, _("The result appears here"));
    this.texts.say(side.about, "");
    side.figure.classList.remove("rx-has");
    this.#hint(side);
  }

  /** @param {Side} side @param {Item} item @param {Result} result */
  async #showResult(side, item, result) {
    if (side.result === result) return;
    this.#clear(side);
    side.result = result;
    const image = h("img", { class: "rx-cutout", src: result.url });
    const { model } = result;
    const words = _("{name}, background removed by {model}");
    this.texts.say(image, words, { name: item.name, model }, "alt");
    side.image = image; // of the same result it may be another by the time that it is decoded
    try {
      await image.decode();
    } catch {
      if (side.image !== image) return;
      this.#clear(side);
      this.texts.say(side.empty, _("No picture can be shown"));
      throw new Refused({ kind: "lost" }); // it was a PNG when it was sent
    }
    if (side.image !== image) return;
    side.layer.prepend(image);
    result.shown ??= performance.now() - result.clicked;
    side.empty.hidden = true;
    side.done.hidden = side.save.hidden = false;
    side.figure.classList.add("rx-has");
    this.texts.say(side.about, _("{all} s, inference {infer} s"), {
      all: (result.shown / 1000).toFixed(2),
      infer: result.seconds.infer.toFixed(2),
    });
    side.about.title = Object.entries(result.seconds)
      .map(([stage, value]) => `${stage} ${value.toFixed(3)} s`)
      .join("\n");
    side.save.href = result.url;
    side.save.download = result.name;
    this.#hint(side);
    this.#measure(result.width, result.height);
    // Pixels first; what is read out of them comes after they are seen.
    requestAnimationFrame(() => setTimeout(() => this.#analyse(side, image, result)));
  }

  /** @param {Side} side */
  #hint(side) {
    const hint = this.wire.served
      ? _("or right-click the picture to save it")
      : _("or Shift + right-click the picture");
    const touched = matchMedia("(hover: none)").matches;
    this.texts.say(
      side.hint,
      !side.result ? "" : touched ? _("or touch and hold the picture") : hint,
    );
  }

  /** @param {Side} side @param {HTMLImageElement} image @param {Result} result */
  #analyse(side, image, result) {
    if (side.image !== image) return;
    try {
      result.alpha ??= new AlphaMap(image);
    } catch {
      result.alpha = null; // larger than this browser's canvas
    }
    side.alpha = result.alpha;
    this.#paint();
  }

  /** A letter for what is shown, as in the report. @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || this.ui.keys.open) return;
    const { target } = event;
    if (target instanceof Element && target.matches("select, input:not([type=radio])")) return;
    const number = "rae".indexOf(event.key.toLowerCase());
    const view = this.ui.looking.views.querySelectorAll("label")[number];
    if (event.key === "?") this.ui.keys.showModal();
    else if (event.key.toLowerCase() === "d" && !this.ui.looking.box.hidden) {
      this.#noLine();
      this.#points.begin();
    } else if (view && !view.hidden) view.click();
    else return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab has keys of its own
  }

  // Looking closely: alpha, its histogram, its course along a line

  /** @param {string} view result, alpha or difference */
  view(view) {
    this.root.dataset.view = view;
    this.#paint();
  }

  /** What is drawn out of the alphas, once it is to be seen. */
  #paint() {
    const { view } = this.root.dataset;
    const sides = this.#shownSides();
    const grey = (/** @type {Side} */ { image }) => picture("alpha", { result: image });
    for (const side of sides) {
      const { alpha, image } = side;
      if (!alpha || !image) continue;
      if (view === "alpha" && !side.grey) {
        const words = _("Alpha by {model}, black transparent, white opaque");
        side.grey = this.#over(side, grey(side), "rx-alpha", words);
      }
      const other = sides.find((one) => one !== side);
      if (view === "difference" && !side.apart && other?.alpha) {
        const drawn = picture("error", { result: image, truth: grey(other) });
        const words = _("Where the alpha by {model} differs from the other's");
        side.apart = this.#over(side, drawn, "rx-difference", words);
      }
    }
    this.ui.looking.legend.hidden = view !== "difference";
    this.#looked();
  }

  /** Lay what is drawn over a side's result. @param {Side} side @param {Drawable | null} drawn
   * @param {string} name of its class @param {string} words */
  #over({ image, model }, drawn, name, words) {
    if (!drawn) return null;
    drawn.setAttribute("role", "img");
    drawn.classList.add(name);
    image?.after(this.texts.say(drawn, words, { model }, "aria-label"));
    return drawn;
  }

  drawLine() {
    this.#points.rest();
    const on = !this.zoom.draw;
    const [width, height] = this.zoom.size;
    const middle = Math.round(height / 2);
    this.zoom.draw = on ? (line) => this.#drawn(line) : null;
    this.ui.looking.line.setAttribute("aria-pressed", String(on));
    this.root.classList.toggle("rx-drawing", on);
    this.#drawn(on ? (this.#line ?? [0, middle, width, middle]) : null);
  }

  /** @param {number} number of x1, y1, x2, y2 @param {number} value */
  moveLine(number, value) {
    if (!this.#line) return;
    this.#line[number] = value;
    this.#looked();
  }

  /** @param {import("./zoom.js").Line | null} line */
  #drawn(line) {
    this.#line = line;
    this.#looked();
  }

  #looked() {
    const { looking, original } = this.ui;
    looking.percent.textContent = original.image ? `${this.zoom.percent} %` : "";
    for (const { layer, overlay } of [original, ...this.#sides]) {
      overlay.replaceChildren(...marks(this.#line));
      overlay.setAttribute("viewBox", `0 0 ${this.zoom.size.join(" ")}`);
      if (this.#line) layer.append(overlay);
      else overlay.remove();
    }
    const sides = this.#shownSides().flatMap(({ model, alpha }) => (alpha ? { model, alpha } : []));
    const about = [this.#item?.id, this.ui.foreground.value].join("\n");
    showHistogram(looking, this.texts, sides, about);
    showProfile(looking, this.texts, sides, this.#line);
  }

  // Several pictures, and what is done with them

  #showList() {
    const { list, saveAll } = this.ui;
    const many = this.#items.length > 1;
    list.hidden = !many;
    saveAll.hidden = !many || !this.#items.some((item) => item.results.size);
    if (!many) return;
    if (list.dataset.of !== this.#items[0].id) {
      // Only of other pictures is it another list: one is made anew under nobody's finger.
      list.dataset.of = this.#items[0].id;
      const entry = { type: "button", class: "rx-entry" };
      const rows = this.#items.map((item) => {
        const name = h("span", { class: "rx-entry-name" }, item.name);
        const onclick = () => this.#look(item);
        return h("li", {}, h("button", { ...entry, onclick }, name, h("span")));
      });
      list.replaceChildren(...rows);
    }
    this.#items.forEach((item, number) => {
      const [entry] = list.children[number].children;
      entry.setAttribute("aria-current", String(item === this.#item));
      const [, state] = entry.children;
      state.className = `rx-entry-state rx-${item.state}`;
      this.texts.say(state, STATES[item.state]);
    });
  }

  async saveZip() {
    const files = this.#items.flatMap(({ results }) => {
      const all = [...results.values()];
      const several = new Set(all.map(({ model }) => model)).size > 1;
      return all.flatMap(({ name, blob, model }) => {
        const path = several ? `${model.replace(/[^\w.-]+/g, "-")}/${name}` : name;
        return blob ? { name: path, blob } : [];
      });
    });
    try {
      download(await zip(files), "cutouts.zip");
    } catch (error) {
      this.#complain(error);
    }
  }

  async addCase() {
    const item = this.#item;
    if (!item || !enabled(this.ui.add)) return;
    try {
      await this.#arrive(item);
      const { path } = await this.wire.of("add", item, { category: this.ui.category.value });
      this.texts.say(this.ui.added, _("Added: {path}"), { path });
    } catch (error) {
      if (error !== item.failure) this.#complain(error); // else it has been told already
    }
  }

  /** What went wrong, in words a person can act on. @param {unknown} error null: nothing */
  #complain(error) {
    const { trouble } = this.ui;
    this.#troubled = error;
    trouble.hidden = !error;
    trouble.replaceChildren();
    if (!error) return;
    const answer = error instanceof Refused ? error.answer : { kind: "Unforeseen" };
    const [title, remedy] = this.texts.explain(answer);
    trouble.append(h("strong", {}, title), remedy ? h("p", {}, remedy) : "");
    if (answer.kind === "lost") {
      const reload = { type: "button", onclick: () => location.reload() };
      trouble.append(this.texts.label("button", _("Reload"), reload));
    }
  }
}
