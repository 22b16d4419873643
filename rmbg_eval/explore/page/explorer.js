// The page: choose, see, press, save; and what is beside it.

const BACKDROPS = ["checker", "white", "black", "grey", "green"];
const CATEGORIES = ["portrait", "product", "pet", "garment", "still-life", "low-quality", "pictures"];
const UNSHOWABLE = /\.(heic|heif|tiff?)$/i; // by most browsers
const FOREGROUNDS = ["raw", "blur-fusion", "pymatting"];

function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

class Explorer {
  constructor(root, strings, lang) {
    this.strings = strings;
    this.lang = lang || (navigator.language.startsWith("zh") ? "zh" : "en");
    this.texts = new Map(); // element → [attribute, key, values]
    this.wire = new Wire();
    this.wire.on.welcome = (message) => this.welcome(message);
    this.wire.on.models = (message) => this.modelsAre(message);
    this.models = [];
    this.items = []; // all pictures; of several, a list is shown
    this.item = null; // the one that is looked at
    this.count = 0;
    this.sides = []; // a panel for each chosen model
    this.panels = new Panels(() => this.looked());
    this.build(root);
    this.translate();
  }

  // Words

  t(key, values = {}) {
    const text = this.strings[key]?.[this.lang] ?? key;
    return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  }

  // Let `node` say `key`, in this language and in the next one.
  say(node, key, values = {}, attribute = "") {
    const said = this.texts.get(node) ?? {};
    said[attribute] = [key, values];
    this.texts.set(node, said);
    this.write(node, said);
    return node;
  }

  write(node, said) {
    for (const [attribute, [key, values]] of Object.entries(said)) {
      const text = key ? this.t(key, values) : "";
      if (attribute) node.setAttribute(attribute, text);
      else if (node.textContent !== text) node.textContent = text;
    }
  }

  label(tag, key, attributes = {}, values = {}) {
    return this.say(h(tag, attributes), key, values);
  }

  translate() {
    this.root.lang = this.lang === "zh" ? "zh-CN" : "en";
    if (this.root.dataset.page) {
      document.documentElement.lang = this.root.lang;
      document.title = this.t("title");
    }
    for (const [node, said] of this.texts) {
      if (node.isConnected) this.write(node, said);
      else this.texts.delete(node);
    }
    this.nameCases();
    this.showList();
    this.complain(this.troubled);
    this.looked();
  }

  // Building

  build(root) {
    this.root = root;
    root.classList.add("rx");
    this.language = this.label("button", "other_language", {
      type: "button",
      class: "rx-quiet",
      onclick: () => {
        this.lang = this.lang === "zh" ? "en" : "zh";
        this.translate();
      },
    });
    this.bar = h("progress", { max: 1, class: "rx-loading" });
    this.status = this.say(
      h("p", { class: "rx-status", role: "status" }),
      root.dataset.full ? "full" : "connecting",
    );
    this.panelsBox = h("div", { class: "rx-panels" });
    this.looking = this.buildLooking();
    root.replaceChildren(
      h(
        "header",
        { class: "rx-head" },
        h("div", {}, this.label("h1", "title"), this.label("p", "lead", { class: "rx-lead" })),
        this.language,
      ),
      h("div", { class: "rx-state" }, this.status, this.bar),
      h(
        "div",
        { class: "rx-columns" },
        h("section", { class: "rx-controls" }, ...this.buildControls()),
        h("section", { class: "rx-main" }, this.panelsBox, this.looking),
      ),
    );
    this.buildOriginal();
    this.setSides([""]);
    root.addEventListener("paste", (event) => this.pasted(event));
    if (root.dataset.page) document.addEventListener("paste", (event) => this.pasted(event));
  }

  buildControls() {
    this.input = h("input", {
      type: "file",
      accept: "image/*,.heic,.heif,.avif,.tif,.tiff,.bmp",
      multiple: true,
      class: "rx-file",
      onchange: () => {
        this.choose([...this.input.files]);
        this.input.value = "";
      },
    });
    this.chosen = this.label("span", "drop_hint", { class: "rx-chosen" });
    this.drop = h(
      "label",
      { class: "rx-drop" },
      this.input,
      svg(
        "svg",
        { viewBox: "0 0 24 24", "aria-hidden": "true", class: "rx-icon" },
        svg("path", { d: "M12 16V5m0 0L7.5 9.5M12 5l4.5 4.5M4 15v3a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-3" }),
      ),
      this.label("strong", "drop"),
      this.chosen,
    );
    this.say(this.input, "drop", {}, "aria-label");
    const over = (on) => (event) => {
      event.preventDefault();
      this.drop.classList.toggle("rx-over", on);
    };
    // A picture dropped beside the box is meant for it, too.
    this.root.addEventListener("dragover", over(true));
    this.root.addEventListener("dragleave", over(false));
    this.root.addEventListener("drop", (event) => {
      over(false)(event);
      this.choose([...event.dataTransfer.files]);
    });
    this.arriving = h("progress", { max: 1, class: "rx-arriving", hidden: true });
    this.caseChoice = h("select", { onchange: () => this.chooseCase(this.caseChoice.value) });
    this.modelChoices = ["", "none"].map((empty, number) =>
      h("select", { onchange: () => this.chooseModels(), disabled: true, "data-number": number }),
    );
    this.foreground = h(
      "select",
      { onchange: () => this.offer() },
      ...FOREGROUNDS.map((name) => this.label("option", `foreground.${name}`, { value: name })),
    );
    this.button = this.label("button", "remove", {
      type: "button",
      class: "rx-go",
      disabled: true,
      onclick: () => this.go(),
    });
    this.trouble = h("div", { class: "rx-trouble", role: "alert", hidden: true });
    this.list = h("ol", { class: "rx-list", hidden: true });
    this.saveAll = this.label("button", "save_all", {
      type: "button",
      hidden: true,
      onclick: () => this.saveZip(),
    });
    this.category = h(
      "select",
      {},
      ...CATEGORIES.map((name) => this.label("option", `category.${name}`, { value: name })),
    );
    this.addButton = this.label("button", "add", { type: "button", onclick: () => this.addCase() });
    this.added = h("p", { class: "rx-note", role: "status" });
    this.adding = h(
      "details",
      { class: "rx-more", hidden: true },
      this.label("summary", "add_title"),
      this.label("p", "add_note", { class: "rx-note" }),
      h("div", { class: "rx-row" }, this.category, this.addButton),
      this.added,
    );
    this.say(this.category, "category", {}, "aria-label");
    const field = (key, control) => h("label", { class: "rx-field" }, this.label("span", key), control);
    return [
      this.drop,
      this.arriving,
      field("case", this.caseChoice),
      h(
        "div",
        { class: "rx-pair" },
        field("model", this.modelChoices[0]),
        field("second_model", this.modelChoices[1]),
      ),
      field("foreground", this.foreground),
      this.button,
      this.trouble,
      this.list,
      this.saveAll,
      this.adding,
    ];
  }

  buildOriginal() {
    const stage = h("div", { class: "rx-stage" });
    this.original = { stage, label: this.label("h2", "original"), about: h("span", { class: "rx-about" }) };
    this.say(stage, "panel_original", {}, "aria-label");
    stage.setAttribute("role", "group");
    this.original.empty = this.label("p", "empty_original", { class: "rx-empty" });
    stage.append(this.original.empty);
    this.original.figure = h(
      "article",
      { class: "rx-panel" },
      h("div", { class: "rx-title" }, this.original.label, this.original.about),
      stage,
    );
    this.panelsBox.append(this.original.figure);
    this.panels.add(this.original);
  }

  buildSide() {
    const side = { model: "" };
    side.label = this.label("h2", "result");
    side.done = h(
      "span",
      { class: "rx-tags", hidden: true },
      this.label("span", "done", { class: "rx-tag" }),
      this.label("span", "transparent", { class: "rx-tag" }),
    );
    side.about = h("span", { class: "rx-about" });
    side.empty = this.label("p", "empty_result", { class: "rx-empty" });
    side.stage = h("div", { class: "rx-stage", role: "group" }, h("div", { class: "rx-backdrop" }), side.empty);
    this.say(side.stage, "panel_result", {}, "aria-label");
    side.save = this.label("a", "save", { class: "rx-save", hidden: true });
    side.hint = h("span", { class: "rx-note" });
    side.figure = h(
      "article",
      { class: "rx-panel rx-result" },
      h("div", { class: "rx-title" }, side.label, side.done, side.about),
      side.stage,
      h("div", { class: "rx-under" }, side.save, side.hint),
    );
    this.panelsBox.append(side.figure);
    this.panels.add(side);
    return side;
  }

  setSides(models) {
    while (this.sides.length < models.length) this.sides.push(this.buildSide());
    this.sides.forEach((side, number) => {
      side.figure.hidden = number >= models.length;
      side.model = models[number] ?? "";
      this.say(side.label, models.length > 1 ? "result_by" : "result", { model: side.model });
    });
    this.panelsBox.dataset.count = 1 + models.length;
    this.panels.place();
  }

  shownSides() {
    return this.sides.filter((side) => !side.figure.hidden);
  }

  buildLooking() {
    const button = (key, text, act) =>
      this.say(h("button", { type: "button", class: "rx-tool", onclick: act }, text), key, {}, "aria-label");
    this.percent = h("output", { class: "rx-percent" });
    const group = Math.random().toString(36).slice(2); // two views of a widget choose apart
    const radios = (key, kind, values, onchange) => {
      const choices = values.map((value, number) => {
        const input = h("input", { type: "radio", name: `${key}-${group}`, value, onchange });
        input.checked = number === 0;
        const label = h("label", { class: `rx-${kind} rx-${kind}-${value}` });
        label.append(input, this.label("span", `${key}.${value}`));
        return kind === "dot" ? this.say(label, `${key}.${value}`, {}, "title") : label;
      });
      return this.say(h("div", { class: "rx-group", role: "radiogroup" }, ...choices), key, {}, "aria-label");
    };
    this.lineButton = this.label("button", "line", {
      type: "button",
      class: "rx-tool rx-wide",
      "aria-pressed": "false",
      onclick: () => this.drawLine(),
    });
    this.lineFields = ["x1", "y1", "x2", "y2"].map((name, number) => {
      const input = h("input", {
        type: "number",
        step: "1",
        onchange: () => {
          this.panels.line[number] = Number(input.value);
          this.panels.place();
        },
      });
      input.setAttribute("aria-label", name);
      return input;
    });
    this.profile = h("div", { class: "rx-plot" });
    this.profileText = h("p", { class: "rx-note", role: "status" });
    this.histogram = h("div", { class: "rx-plot" });
    this.histogramText = h("p", { class: "rx-note" });
    this.profileCard = h(
      "div",
      { class: "rx-card", hidden: true },
      this.label("h3", "profile"),
      this.profile,
      this.profileText,
      h("div", { class: "rx-row rx-ends" }, this.label("span", "line_ends"), ...this.lineFields),
    );
    this.histogramCard = h(
      "div",
      { class: "rx-card", hidden: true },
      this.label("h3", "histogram"),
      this.histogram,
      this.histogramText,
    );
    const box = h(
      "div",
      { class: "rx-looking", hidden: true },
      h(
        "div",
        { class: "rx-tools" },
        h(
          "div",
          { class: "rx-group" },
          button("zoom_out", "−", () => this.panels.step(-1)),
          this.percent,
          button("zoom_in", "+", () => this.panels.step(1)),
          this.label("button", "fit", { type: "button", class: "rx-tool rx-wide", onclick: () => this.panels.zoom(null) }),
          ...[1, 8].map((scale) =>
            h("button", { type: "button", class: "rx-tool rx-wide", onclick: () => this.panels.zoom(scale) }, `${scale * 100} %`),
          ),
        ),
        radios("view", "view", ["result", "alpha"], () => this.setView()),
        radios("backdrop", "dot", BACKDROPS, (event) => {
          this.root.dataset.backdrop = event.target.value;
        }),
        h("div", { class: "rx-group" }, this.lineButton),
      ),
      this.label("p", "zoom_hint", { class: "rx-note" }),
      h("div", { class: "rx-cards" }, this.profileCard, this.histogramCard),
    );
    this.root.dataset.backdrop = "checker";
    return box;
  }

  // What the kernel says

  welcome(message) {
    this.cases = message.cases;
    this.nameCases();
    this.adding.hidden = !message.adds;
    for (const option of this.foreground.options) {
      option.hidden = option.disabled = !message.foregrounds.includes(option.value);
    }
    for (const side of this.sides) this.hint(side);
  }

  nameCases() {
    const chosen = this.caseChoice.value;
    const title = (found) => found.title[this.lang] ?? found.title.en ?? found.name;
    this.caseChoice.replaceChildren(
      h("option", { value: "" }, this.t("case_none")),
      ...(this.cases ?? []).map((found) => h("option", { value: found.name }, `${this.t(`category.${found.category}`).replace(/^category\./, "")} · ${title(found)}`)),
    );
    this.caseChoice.value = chosen;
    this.caseChoice.disabled = !this.cases?.length;
  }

  modelsAre({ models, gone }) {
    this.models = models;
    if (gone) return this.say(this.status, "models_gone");
    const [first, second] = this.modelChoices;
    const names = models.map((model) => model.model).join("\n");
    if (first.dataset.names !== names) {
      first.dataset.names = second.dataset.names = names;
      const options = () => models.map(({ model }) => h("option", { value: model }, model));
      first.replaceChildren(...options());
      second.replaceChildren(this.label("option", "second_none", { value: "" }), ...options());
      first.disabled = false;
      second.disabled = models.length < 2;
      this.chooseModels();
    }
    const stages = ["waiting", "weights", "loading", "warming", "ready"];
    const failed = models.filter((model) => model.stage === "failed");
    const next = models.find((model) => !["ready", "failed"].includes(model.stage));
    this.bar.hidden = !next;
    this.bar.value = models.reduce((sum, { stage }) => sum + (stage === "failed" ? 4 : stages.indexOf(stage)), 0) / (4 * models.length);
    if (next) this.say(this.status, `stage.${next.stage}`, { model: next.title, text: next.text });
    else if (failed.length) this.say(this.status, "models_failed", { model: failed[0].model, problem: failed[0].problem[this.lang] });
    else this.say(this.status, "ready", { models: models.map((model) => model.title).join(this.t("and")) });
    this.root.dataset.ready = String(models.some((model) => model.stage === "ready"));
    this.offer();
  }

  chooseModels() {
    const [first, second] = this.modelChoices.map((choice) => choice.value);
    this.setSides(second && second !== first ? [first, second] : [first]);
    this.show();
  }

  // Choosing

  pasted(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) {
      event.preventDefault();
      event.stopPropagation();
      this.choose(files);
    }
  }

  choose(files) {
    if (!files.length) return;
    this.caseChoice.value = "";
    this.replace(files.map((file) => ({ file, name: file.name || "picture.png", size: file.size })));
  }

  chooseCase(name) {
    if (name) this.replace([{ case: name, name, size: null }]);
  }

  replace(described) {
    for (const item of this.items) this.release(item);
    this.items = described.map((item) => ({ ...item, id: `p${++this.count}`, results: new Map(), state: "chosen" }));
    this.say(this.added, "");
    this.look(this.items[0]);
    this.arrive(this.items[0]).catch(() => {}); // it has been told already
  }

  release(item) {
    if (item.url) URL.revokeObjectURL(item.url);
    for (const result of item.results.values()) if (result.url?.startsWith("blob:")) URL.revokeObjectURL(result.url);
    if (item.arrived) this.wire.forget(item);
  }

  // Show `item`, what there is of it.
  look(item) {
    this.item = item;
    this.complain(null);
    this.arriving.hidden = true;
    if (item.size === null) this.say(this.chosen, "chosen_case", { name: item.name });
    else this.say(this.chosen, "chosen", { name: item.name, size: bytes(item.size) });
    this.original.image?.remove();
    this.original.image = null;
    this.say(this.original.about, "");
    if (item.failure) this.complain(item.failure);
    if (item.url) this.showOriginal(item);
    else if (item.file) this.openFile(item);
    this.show();
    this.showList();
    this.offer();
  }

  // The file as the browser shows it, at once; what it cannot show, the kernel will.
  openFile(item) {
    item.url = URL.createObjectURL(item.file);
    this.showOriginal(item).catch(() => {
      item.preview = true;
      URL.revokeObjectURL(item.url);
      item.url = null;
    });
  }

  async showOriginal(item) {
    const image = h("img", { alt: this.t("alt_original", { name: item.name }), draggable: "false" });
    image.src = item.url;
    this.original.image?.remove();
    this.original.image = image;
    this.original.stage.prepend(image);
    await image.decode();
    if (this.item !== item || this.original.image !== image) return;
    item.width ??= image.naturalWidth;
    item.height ??= image.naturalHeight;
    this.original.empty.hidden = true;
    this.root.style.setProperty("--aspect", Math.min(Math.max(item.width / item.height, 0.75), 1.6));
    this.panels.show(item.width, item.height);
    this.say(this.original.about, "pixels", { width: item.width, height: item.height });
    this.looking.hidden = false;
  }

  // Bring the picture to the kernel, once.
  arrive(item) {
    item.arrived ??= this.bring(item);
    return item.arrived;
  }

  async bring(item) {
    if (item.file) {
      // Whether the browser can show it decides what is asked for with the last part.
      const probe = item.url && this.original.image;
      if (probe && this.item === item) await probe.decode().catch(() => (item.preview = true));
      else item.preview ??= UNSHOWABLE.test(item.name);
    }
    try {
      const about = item.file
        ? await this.wire.upload(item, (share) => this.arrivedSoFar(item, share))
        : await this.wire.openCase(item);
      Object.assign(item, { width: about.width, height: about.height });
      if (item.case) Object.assign(item, { name: about.name, size: about.size });
      item.state = item.state === "chosen" ? "here" : item.state;
      if (about.shown) {
        item.url = URL.createObjectURL(about.shown);
        if (this.item === item) await this.showOriginal(item);
      }
      if (this.item === item) {
        if (item.case) this.say(this.chosen, "chosen", { name: item.name, size: bytes(item.size) });
        this.panels.show(item.width, item.height);
        this.say(this.original.about, "pixels", { width: item.width, height: item.height });
      }
    } catch (error) {
      item.state = "failed";
      item.failure = error;
      if (this.item === item) this.complain(error);
      throw error;
    } finally {
      if (this.item === item) this.arriving.hidden = true;
      this.showList();
      this.offer();
    }
  }

  arrivedSoFar(item, share) {
    if (this.item !== item) return;
    this.arriving.hidden = share >= 1;
    this.arriving.value = share;
  }

  // Removing

  key(model) {
    return `${model}\n${this.foreground.value}`;
  }

  offer() {
    const busy = this.busy && this.items.includes(this.busy);
    const models = this.shownSides().map((side) => side.model);
    const failed = models.every((name) => this.models.find(({ model }) => model === name)?.stage === "failed");
    const nothing = !this.items.some((item) => item.state !== "failed");
    this.button.disabled = Boolean(busy) || nothing || (this.models.length > 0 && failed);
    this.say(this.button, busy ? "busy" : this.items.length > 1 ? "remove_all" : "remove", { count: this.items.length });
    this.button.setAttribute("aria-busy", String(Boolean(busy)));
    this.addButton.disabled = !this.item || !["here", "done"].includes(this.item.state);
  }

  async go() {
    const items = this.items;
    for (const item of items) {
      if (this.items !== items) return;
      if (item.state === "failed") continue;
      this.busy = item;
      this.offer();
      await this.work(item, items.length > 1);
    }
    if (this.items === items) {
      this.busy = null;
      this.offer();
      this.showList();
    }
  }

  async work(item, many) {
    let clicked = performance.now();
    try {
      item.state = "busy";
      this.showList();
      await this.arrive(item);
      for (const side of this.shownSides()) {
        const { model } = side;
        const key = this.key(model);
        if (item.results.has(key)) continue;
        const result = await this.wire.remove(item, model, this.foreground.value, (step) => {
          if (this.item === item) this.progress(side, step);
        });
        if (many) {
          result.blob = await (await fetch(result.url)).blob();
          result.url = URL.createObjectURL(result.blob);
        }
        result.clicked = clicked;
        item.results.set(key, result);
        if (this.item === item) await this.showResult(side, item, result);
        clicked = performance.now(); // the second model begins here
      }
      item.state = "done";
    } catch (error) {
      item.state = "failed";
      item.failure = error;
      if (this.item === item) {
        this.complain(error);
        if (item.width) item.state = "here"; // the picture is good: try again
      }
    }
    if (many) {
      this.wire.forget(item);
      if (item.state === "done") item.arrived = null;
    }
    for (const side of this.shownSides()) side.stage.removeAttribute("aria-busy");
    this.show();
    this.showList();
  }

  progress(side, step) {
    side.stage.setAttribute("aria-busy", "true");
    side.image?.remove();
    side.image = null;
    side.empty.hidden = false;
    this.say(side.empty, step.stage === "queued" ? "queued" : `doing.${step.stage}`, { before: step.before });
  }

  // The results that there are of the picture that is looked at.
  show() {
    for (const side of this.shownSides()) {
      const result = this.item?.results.get(this.key(side.model));
      if (result) this.showResult(side, this.item, result);
      else this.clear(side);
    }
    this.looked();
  }

  clear(side) {
    side.image?.remove();
    side.canvas?.remove();
    side.image = side.canvas = side.alpha = side.result = null;
    side.done.hidden = side.save.hidden = true;
    side.empty.hidden = false;
    this.say(side.empty, "empty_result");
    this.say(side.about, "");
    side.figure.classList.remove("rx-has");
    this.hint(side);
  }

  async showResult(side, item, result) {
    if (side.result === result) return;
    this.clear(side);
    side.result = result;
    const image = h("img", { alt: this.t("alt_result", { name: item.name, model: result.model }), class: "rx-cutout" });
    image.src = result.url;
    side.image = image;
    side.stage.append(image);
    await image.decode();
    if (side.result !== result) return;
    result.shown ??= performance.now() - result.clicked;
    side.empty.hidden = true;
    side.done.hidden = side.save.hidden = false;
    side.figure.classList.add("rx-has");
    this.say(side.about, "seconds", { all: (result.shown / 1000).toFixed(2), infer: result.seconds.infer.toFixed(2) });
    side.about.title = Object.entries(result.seconds).map(([stage, value]) => `${stage} ${value.toFixed(3)} s`).join("\n");
    side.save.href = result.url;
    side.save.download = result.name;
    this.hint(side);
    this.panels.show(result.width, result.height);
    // Pixels first; what is read out of them comes after they are seen.
    requestAnimationFrame(() => setTimeout(() => this.analyse(side, result)));
  }

  hint(side) {
    const hint = this.wire.welcome?.served ? "right_click" : "right_click_lab";
    this.say(side.hint, !side.result ? "" : matchMedia("(hover: none)").matches ? "long_press" : hint);
  }

  analyse(side, result) {
    if (side.result !== result) return;
    try {
      result.alpha ??= new AlphaMap(side.image);
    } catch {
      result.alpha = null; // larger than this browser's canvas
    }
    side.alpha = result.alpha;
    this.setView();
  }

  setView() {
    this.root.dataset.view = this.root.querySelector(".rx-view input:checked").value;
    for (const side of this.shownSides()) {
      if (this.root.dataset.view !== "alpha" || !side.alpha || side.canvas) continue;
      side.canvas = h("canvas", { role: "img", class: "rx-alpha" });
      this.say(side.canvas, "alt_alpha", { model: side.model }, "aria-label");
      side.alpha.paint(side.canvas);
      side.image.after(side.canvas);
    }
    this.panels.place();
  }

  // Looking closely

  drawLine() {
    const on = !this.panels.drawing;
    this.panels.drawing = on;
    this.lineButton.setAttribute("aria-pressed", String(on));
    this.root.classList.toggle("rx-drawing", on);
    if (on && !this.panels.line) {
      const [width, height] = this.panels.size;
      this.panels.line = [0, Math.round(height / 2), width, Math.round(height / 2)];
    }
    if (!on) this.panels.line = null;
    this.panels.place();
  }

  looked() {
    if (!this.percent) return;
    this.percent.textContent = this.panels.size[0] ? `${Math.round(this.panels.scale() * 100)} %` : "";
    const sides = this.shownSides().filter((side) => side.alpha);
    this.histogramCard.hidden = !sides.length;
    const shown = sides.map((side) => `${side.model}/${this.item?.id}/${this.foreground.value}`).join() + this.lang;
    if (sides.length && this.histogram.dataset.shown !== shown) {
      this.histogram.dataset.shown = shown;
      this.histogram.replaceChildren(histogramPlot(this.t("histogram"), sides.map((side) => side.alpha)));
      this.histogramText.textContent = sides.map((side) => this.share(side)).join("\n");
    }
    const { line } = this.panels;
    this.profileCard.hidden = !line || !sides.length;
    if (line) this.lineFields.forEach((input, number) => (input.value = Math.round(line[number])));
    if (line && sides.length) {
      const courses = sides.map((side) => ({ name: side.model, values: side.alpha.profile(line) }));
      this.profile.replaceChildren(profilePlot(this.t("profile"), courses));
      this.profileText.textContent = courses
        .map(({ name, values }) => {
          const band = softBand(values);
          return band === null ? this.t("no_band", { model: name }) : this.t("band", { model: name, pixels: band.toFixed(1) });
        })
        .join("\n");
    }
  }

  share(side) {
    const counts = side.alpha.histogram();
    const all = side.alpha.alpha.length;
    // In between as the report has it: 0.05 ≤ alpha ≤ 0.95.
    const between = counts.slice(13, 243).reduce((sum, count) => sum + count, 0);
    const percent = (count) => `${((100 * count) / all).toFixed(1)} %`;
    return this.t("shares", { model: side.model, clear: percent(counts[0]), between: percent(between), opaque: percent(counts[255]) });
  }

  // Several pictures, and what is done with them

  showList() {
    const many = this.items.length > 1;
    this.list.hidden = !many;
    this.saveAll.hidden = !many || !this.items.some((item) => item.results.size);
    if (!many) return;
    this.list.replaceChildren(
      ...this.items.map((item) =>
        h(
          "li",
          {},
          h(
            "button",
            { type: "button", class: "rx-entry", "aria-current": item === this.item ? "true" : null, onclick: () => this.look(item) },
            h("span", { class: "rx-entry-name" }, item.name),
            h("span", { class: `rx-entry-state rx-${item.state}` }, this.t(`item.${item.state}`)),
          ),
        ),
      ),
    );
  }

  async saveZip() {
    const files = this.items.flatMap((item) =>
      [...item.results.values()].map(({ name, blob, model }) => ({
        name: this.sidesUsed(item) > 1 ? `${model.replace(/[^\w.-]+/g, "-")}/${name}` : name,
        blob,
      })),
    );
    try {
      const url = URL.createObjectURL(await zip(files));
      h("a", { href: url, download: "cutouts.zip" }).click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    } catch (error) {
      this.complain(error);
    }
  }

  sidesUsed(item) {
    return new Set([...item.results.values()].map(({ model }) => model)).size;
  }

  async addCase() {
    const item = this.item;
    try {
      await this.arrive(item);
      const { path } = await this.wire.add(item, this.category.value);
      this.say(this.added, "added", { path });
    } catch (error) {
      if (error === item.failure) return; // it has been told already
      this.complain(error);
    }
  }

  // What went wrong, in words a person can act on.
  complain(error) {
    this.troubled = error;
    this.trouble.hidden = !error;
    this.trouble.replaceChildren();
    if (!error) return;
    const answer = error.answer ?? { kind: "Unforeseen" };
    const [title, remedy] = explain(answer, this);
    this.trouble.append(h("strong", {}, title), remedy ? h("p", {}, remedy) : "");
    if (answer.kind === "lost") {
      this.trouble.append(this.label("button", "reload", { type: "button", onclick: () => location.reload() }));
    }
  }
}

// Title and remedy.
function explain({ kind, problem, remedy, size, most }, explorer) {
  const say = (key, values) => explorer.t(key, values);
  if (kind === "lost") return [say("lost"), say("lost_remedy")];
  if (kind === "TooLarge") {
    return [say("too_large", { size: bytes(size), most: bytes(most) }), say("too_large_remedy")];
  }
  if (!problem) return [say("unforeseen"), say("unforeseen_remedy")];
  return [problem[explorer.lang], remedy[explorer.lang]];
}

function bytes(count) {
  if (count < 1e6) return `${Math.max(1, Math.round(count / 1e3))} KB`;
  return `${(count / 1e6).toFixed(1)} MB`;
}
