// The page: choose, see, press, save.

class Explorer extends Looking {
  constructor(root, strings, lang) {
    super(strings, lang);
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

  translate() {
    this.root.lang = this.lang === "zh" ? "zh-CN" : "en";
    if (this.root.dataset.page) {
      document.documentElement.lang = this.root.lang;
      document.title = this.t("title");
    }
    super.translate();
    this.nameCases();
    this.showList();
    this.complain(this.troubled);
    this.looked();
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
      ...(this.cases ?? []).map((found) =>
        h(
          "option",
          { value: found.name },
          `${this.t(`category.${found.category}`).replace(/^category\./, "")} · ${title(found)}`,
        ),
      ),
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
    this.bar.value =
      models.reduce((sum, { stage }) => sum + (stage === "failed" ? 4 : stages.indexOf(stage)), 0) /
      (4 * models.length);
    if (next) this.say(this.status, `stage.${next.stage}`, { model: next.title, text: next.text });
    else if (failed.length)
      this.say(this.status, "models_failed", {
        model: failed[0].model,
        problem: failed[0].problem[this.lang],
      });
    else
      this.say(this.status, "ready", {
        models: models.map((model) => model.title).join(this.t("and")),
      });
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
    this.replace(
      files.map((file) => ({ file, name: file.name || "picture.png", size: file.size })),
    );
  }

  chooseCase(name) {
    if (name) this.replace([{ case: name, name, size: null }]);
  }

  replace(described) {
    for (const item of this.items) this.release(item);
    this.items = described.map((item) => ({
      ...item,
      id: `p${++this.count}`,
      results: new Map(),
      state: "chosen",
    }));
    this.say(this.added, "");
    this.look(this.items[0]);
    this.arrive(this.items[0]).catch(() => {}); // it has been told already
  }

  release(item) {
    if (item.url) URL.revokeObjectURL(item.url);
    for (const result of item.results.values())
      if (result.url?.startsWith("blob:")) URL.revokeObjectURL(result.url);
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
    const image = h("img", {
      alt: this.t("alt_original", { name: item.name }),
      draggable: "false",
    });
    image.src = item.url;
    this.original.image?.remove();
    this.original.image = image;
    this.original.stage.prepend(image);
    await image.decode();
    if (this.item !== item || this.original.image !== image) return;
    item.width ??= image.naturalWidth;
    item.height ??= image.naturalHeight;
    this.original.empty.hidden = true;
    this.root.style.setProperty(
      "--aspect",
      Math.min(Math.max(item.width / item.height, 0.75), 1.6),
    );
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
    const failed = models.every(
      (name) => this.models.find(({ model }) => model === name)?.stage === "failed",
    );
    const nothing = !this.items.some((item) => item.state !== "failed");
    this.button.disabled = Boolean(busy) || nothing || (this.models.length > 0 && failed);
    this.say(this.button, busy ? "busy" : this.items.length > 1 ? "remove_all" : "remove", {
      count: this.items.length,
    });
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
    this.say(side.empty, step.stage === "queued" ? "queued" : `doing.${step.stage}`, {
      before: step.before,
    });
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
    const image = h("img", {
      alt: this.t("alt_result", { name: item.name, model: result.model }),
      class: "rx-cutout",
    });
    image.src = result.url;
    side.image = image;
    side.stage.append(image);
    await image.decode();
    if (side.result !== result) return;
    result.shown ??= performance.now() - result.clicked;
    side.empty.hidden = true;
    side.done.hidden = side.save.hidden = false;
    side.figure.classList.add("rx-has");
    this.say(side.about, "seconds", {
      all: (result.shown / 1000).toFixed(2),
      infer: result.seconds.infer.toFixed(2),
    });
    side.about.title = Object.entries(result.seconds)
      .map(([stage, value]) => `${stage} ${value.toFixed(3)} s`)
      .join("\n");
    side.save.href = result.url;
    side.save.download = result.name;
    this.hint(side);
    this.panels.show(result.width, result.height);
    // Pixels first; what is read out of them comes after they are seen.
    requestAnimationFrame(() => setTimeout(() => this.analyse(side, result)));
  }

  hint(side) {
    const hint = this.wire.welcome?.served ? "right_click" : "right_click_lab";
    this.say(
      side.hint,
      !side.result ? "" : matchMedia("(hover: none)").matches ? "long_press" : hint,
    );
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
            {
              type: "button",
              class: "rx-entry",
              "aria-current": item === this.item ? "true" : null,
              onclick: () => this.look(item),
            },
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
      this.trouble.append(
        this.label("button", "reload", { type: "button", onclick: () => location.reload() }),
      );
    }
  }
}
