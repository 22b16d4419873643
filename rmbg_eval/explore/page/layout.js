// What the page is made of.

const BACKDROPS = ["checker", "white", "black", "grey", "green"];
const CATEGORIES = [
  "portrait",
  "product",
  "pet",
  "garment",
  "still-life",
  "low-quality",
  "pictures",
];
const UNSHOWABLE = /\.(heic|heif|tiff?)$/i; // by most browsers
const FOREGROUNDS = ["raw", "blur-fusion", "pymatting"];

class Layout extends Words {
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
        svg("path", {
          d: "M12 16V5m0 0L7.5 9.5M12 5l4.5 4.5M4 15v3a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-3",
        }),
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
    const field = (key, control) =>
      h("label", { class: "rx-field" }, this.label("span", key), control);
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
    this.original = {
      stage,
      label: this.label("h2", "original"),
      about: h("span", { class: "rx-about" }),
    };
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
    side.stage = h(
      "div",
      { class: "rx-stage", role: "group" },
      h("div", { class: "rx-backdrop" }),
      side.empty,
    );
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
      this.say(
        h("button", { type: "button", class: "rx-tool", onclick: act }, text),
        key,
        {},
        "aria-label",
      );
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
      return this.say(
        h("div", { class: "rx-group", role: "radiogroup" }, ...choices),
        key,
        {},
        "aria-label",
      );
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
    this.profileText = h("p", { class: "rx-note rx-keys", role: "status" });
    this.histogram = h("div", { class: "rx-plot" });
    this.histogramText = h("p", { class: "rx-note rx-keys" });
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
          this.label("button", "fit", {
            type: "button",
            class: "rx-tool rx-wide",
            onclick: () => this.panels.zoom(null),
          }),
          ...[1, 8].map((scale) =>
            h(
              "button",
              { type: "button", class: "rx-tool rx-wide", onclick: () => this.panels.zoom(scale) },
              `${scale * 100} %`,
            ),
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
}
