// The viewer: the panels of one case in a dialog, zoomed together, side by side, under a slider
// or blended. Places are in pixels of the picture, so they survive another case or another size.
"use strict";

const viewer = (() => {
  const dialog = document.getElementById("viewer");
  if (!dialog) return null;
  const part = (name) => dialog.querySelector(`[data-part="${name}"]`);
  const stage = part("stage"), share = part("share"), points = part("points");
  const choose = { a: part("a"), b: part("b") };
  const MOST = 32, PIXELATED_FROM = 2;
  let article = null, panels = [], panes = [], size = [1, 1];
  let mode = "side", place = null; // place: { x, y: picture pixel in the middle, scale }
  let opener = null;

  // ---- what there is to look at

  function panelsOf(element) {
    const figures = [...element.querySelectorAll("figure.panel:has(img)")];
    const found = figures.filter((figure) => !figure.dataset.kind.startsWith("edge")).map((figure) => {
      const image = figure.querySelector("img");
      const link = figure.querySelector("a");
      const { kind, model = "" } = figure.dataset;
      return {
        key: model ? `${kind}:${model}` : kind,
        kind, model, figure, image,
        source: link && !link.hash ? link.href : image.src, // the full size, where it lies beside
        full: Boolean(link && !link.hash),
      };
    });
    for (const panel of found) {
      // Where the cut-out lies beside the page at full size, so does its alpha: in the same file.
      const result = found.find((p) => p.kind === "result" && p.model === panel.model);
      panel.alphaOf = panel.kind === "alpha" && Boolean(result?.full);
      if (panel.alphaOf) panel.source = result.source;
    }
    return found;
  }

  const label = (panel) => {
    const name = dialog.querySelector(`[data-kind-name="${panel.kind}"]`);
    return `${name ? languages.in(name) : panel.kind}${panel.model ? ` · ${panel.model}` : ""}`;
  };

  function fillChoices() {
    const wanted = address.read();
    const first = panels.find((p) => p.kind === "result") ?? panels[0];
    const other = panels.find((p) => p.kind === "result" && p !== first);
    const preset = { a: mode === "side" ? first : panels[0], b: other ?? first };
    for (const side of ["a", "b"]) {
      const before = choose[side].value || wanted[side];
      choose[side].replaceChildren(...panels.map((p) => new Option(label(p), p.key)));
      const key = panels.some((p) => p.key === before) ? before : preset[side].key;
      choose[side].value = key;
    }
  }

  // ---- panes

  function pane(panel, note) {
    const box = document.createElement("div");
    box.className = "pane";
    const canvas = document.createElement("div");
    canvas.className = `canvas ${panel.kind}`;
    const image = new Image(size[0], size[1]);
    image.alt = panel.image.alt;
    image.draggable = false;
    image.addEventListener("load", () => {
      canvas.dataset.loaded = `${image.naturalWidth}×${image.naturalHeight}`;
      box.classList.toggle("preview", image.naturalWidth < size[0]);
      if (panel.alphaOf) image.replaceWith(alphaOf(image));
    });
    image.src = panel.source;
    canvas.append(image);
    const regions = article.querySelector(`svg.regions[data-model="${CSS.escape(panel.model)}"]`)
      ?? article.querySelector("svg.regions");
    if (regions) {
      const copy = regions.cloneNode(true);
      copy.setAttribute("width", size[0]);
      copy.setAttribute("height", size[1]);
      canvas.append(copy);
    }
    const name = document.createElement("p");
    name.className = "name";
    name.textContent = `${note ? `${note} ` : ""}${label(panel)}`;
    const less = document.createElement("span");
    less.className = "less";
    less.textContent = ` · ${languages.in(part("preview"))}`;
    name.append(less);
    box.append(canvas, name);
    return box;
  }

  /** The alpha of a cut-out as grey: white under its alpha, on black. It is drawn, never read. */
  function alphaOf(image) {
    const drawn = document.createElement("canvas");
    [drawn.width, drawn.height] = [image.naturalWidth, image.naturalHeight];
    drawn.role = "img";
    drawn.ariaLabel = image.alt;
    const context = drawn.getContext("2d");
    const fill = (how, colour) => {
      context.globalCompositeOperation = how;
      context.fillStyle = colour;
      context.fillRect(0, 0, drawn.width, drawn.height);
    };
    context.drawImage(image, 0, 0);
    fill("source-in", "#fff");
    fill("destination-over", "#000");
    return drawn;
  }

  function show() {
    const by = (key) => panels.find((p) => p.key === key) ?? panels[0];
    const a = by(choose.a.value), b = by(choose.b.value);
    dialog.dataset.mode = mode;
    if (mode === "side") {
      const model = a.model || panels.find((p) => p.model)?.model;
      const wanted = panels.filter((p) => p.kind === "original" || p.model === model);
      if (!wanted.includes(a)) wanted.push(a);
      panes = wanted.map((p) => pane(p));
    } else {
      panes = [pane(a, "A"), pane(b, "B")];
    }
    stage.replaceChildren(...panes, ...(mode === "slider" ? [part("handle-template").content.cloneNode(true)] : []));
    divide();
    layout();
  }

  /** The slider's or the blend's share: A is left, or below; B right, or above. */
  function divide() {
    const value = Number(share.value);
    share.hidden = part("share-label").hidden = mode === "side";
    if (mode === "side") return;
    const [a, b] = panes;
    b.style.clipPath = mode === "slider" ? `inset(0 0 0 ${value}%)` : "";
    b.querySelector(".canvas").style.opacity = mode === "blend" ? value / 100 : 1;
    a.style.clipPath = mode === "slider" ? `inset(0 ${100 - value}% 0 0)` : "";
    const handle = stage.querySelector(".handle");
    if (handle) handle.style.left = `${value}%`;
  }

  // ---- where one looks

  const first = () => panes[0]?.getBoundingClientRect() ?? stage.getBoundingClientRect();
  const whole = () => {
    const box = first();
    return Math.min(box.width / size[0], box.height / size[1]);
  };
  /** Not farther away than half of what fits, nor than one to one; not closer than can be told. */
  const limited = (scale) =>
    Math.min(MOST, Math.max(Math.min(whole() / 2, 1 / devicePixelRatio), scale));

  /** As many columns as show the panes largest. */
  function columns() {
    const { width, height } = stage.getBoundingClientRect();
    const count = panes.length;
    const scale = (n) => Math.min(width / n / size[0], height / Math.ceil(count / n) / size[1]);
    const best = panes.map((_, i) => i + 1).reduce((a, b) => (scale(b) > scale(a) ? b : a));
    stage.style.gridTemplateColumns = `repeat(${best}, minmax(0, 1fr))`;
    stage.style.gridAutoRows = `${100 / Math.ceil(count / best)}%`;
  }

  const fit = () => ({ x: size[0] / 2, y: size[1] / 2, scale: whole(), fitted: true });

  function layout() {
    if (!panes.length) return;
    columns();
    if (!place || place.fitted) place = fit();
    place.scale = limited(place.scale);
    place.x = Math.min(size[0], Math.max(0, place.x));
    place.y = Math.min(size[1], Math.max(0, place.y));
    const box = first();
    for (const one of panes) {
      const canvas = one.querySelector(".canvas");
      const left = box.width / 2 - place.x * place.scale;
      const top = box.height / 2 - place.y * place.scale;
      canvas.style.transform = `translate(${left}px, ${top}px) scale(${place.scale})`;
      canvas.style.setProperty("--square", `${20 / place.scale}px`); // as large at any zoom
      canvas.style.width = `${size[0]}px`;
      canvas.style.height = `${size[1]}px`;
      canvas.classList.toggle("pixels", place.scale * devicePixelRatio >= PIXELATED_FROM);
    }
    part("zoom").value = `${Math.round(100 * place.scale)} %`;
    const at = place.fitted ? "" : [place.x, place.y].map(Math.round).join() + `,${place.scale.toFixed(3)}`;
    if (dialog.open) address.write({ at });
  }

  /** Zoom by a factor; the picture's pixel under (x, y) of the window stays where it is. */
  function zoom(factor, x, y) {
    const scale = limited(place.scale * factor);
    const pane = panes.find((p) => {
      const r = p.getBoundingClientRect();
      return x >= r.left && x <= r.right && y >= r.top && y <= r.bottom;
    });
    const box = pane?.getBoundingClientRect();
    const dx = box ? x - box.left - box.width / 2 : 0, dy = box ? y - box.top - box.height / 2 : 0;
    place = {
      x: place.x + dx / place.scale - dx / scale,
      y: place.y + dy / place.scale - dy / scale,
      scale,
    };
    layout();
  }

  function pan(dx, dy) {
    place = { x: place.x - dx / place.scale, y: place.y - dy / place.scale, scale: place.scale };
    layout();
  }

  /** Bring a point's region to the middle, with as much again around it. */
  function visit(id) {
    const item = points.querySelector(`[data-point="${CSS.escape(id)}"]`);
    if (!item) return;
    const [x, y, width, height] = item.dataset.box.split(",").map(Number);
    const box = first();
    const scale = Math.min(MOST / 2, box.width / (3 * width + 24), box.height / (3 * height + 24));
    place = { x: x + width / 2, y: y + height / 2, scale };
    for (const other of dialog.querySelectorAll("[data-point]")) {
      other.toggleAttribute("data-current", other.dataset.point === id);
    }
    layout();
    address.write({ point: id });
  }

  // ---- open, close, next

  function open(element, wanted = {}) {
    article = element;
    const fresh = !dialog.open;
    if (fresh) opener = document.activeElement;
    size = article.dataset.size.split("x").map(Number);
    panels = panelsOf(article);
    if (!panels.length) return;
    mode = wanted.mode ?? (fresh ? "side" : mode);
    for (const side of ["a", "b"]) if (wanted[side]) choose[side].dataset.wanted = wanted[side];
    fillChoices();
    for (const side of ["a", "b"]) {
      if (panels.some((p) => p.key === wanted[side])) choose[side].value = wanted[side];
    }
    part("title").textContent = languages.in(article.querySelector("h3"));
    const list = article.querySelector(".points");
    points.replaceChildren(...(list ? [list.cloneNode(true)] : []));
    part("no-points").hidden = Boolean(list);
    for (const radio of dialog.querySelectorAll("[name=viewer-mode]")) radio.checked = radio.value === mode;
    if (fresh) dialog.showModal();
    if (fresh && !wanted.at) place = null;
    address.write({ view: article.id, case: "", mode: mode === "side" ? "" : mode, point: "" });
    show();
    if (wanted.at) {
      const [x, y, scale] = wanted.at.split(",").map(Number);
      if ([x, y, scale].every(Number.isFinite)) { place = { x, y, scale }; layout(); }
    }
    if (wanted.point) visit(wanted.point);
    const shown = page.visible();
    part("count").textContent = `${shown.indexOf(article) + 1} / ${shown.length}`;
  }

  function step(by) {
    const shown = page.visible();
    if (!shown.length) return;
    const at = shown.indexOf(article);
    open(shown[(at + by + shown.length) % shown.length]);
  }

  function remember() {
    address.write({ a: choose.a.value, b: choose.b.value, mode: mode === "side" ? "" : mode });
  }

  // ---- hands

  dialog.addEventListener("close", () => {
    address.write({ view: "", a: "", b: "", mode: "", at: "", point: "", case: article?.id ?? "" });
    stage.replaceChildren();
    panes = [];
    (article?.querySelector("figure.panel a") ?? opener)?.focus({ preventScroll: true });
    article?.scrollIntoView({ block: "nearest" });
  });
  dialog.addEventListener("click", (event) => {
    const command = event.target.closest("[data-do]")?.dataset.do;
    const commands = {
      close: () => dialog.close(), next: () => step(1), previous: () => step(-1),
      in: () => zoom(1.5), out: () => zoom(1 / 1.5), one: () => zoom(1 / devicePixelRatio / place.scale),
      fit: () => { place = null; layout(); },
    };
    commands[command]?.();
    const point = event.target.closest("[data-point]");
    if (point && !(moved && stage.contains(point))) {
      event.preventDefault();
      visit(point.dataset.point);
    }
  });
  for (const radio of dialog.querySelectorAll("[name=viewer-mode]")) {
    radio.addEventListener("change", () => {
      mode = radio.value;
      // Two of the same are nothing to compare: the original then is the other.
      if (mode !== "side" && choose.a.value === choose.b.value) choose.a.value = panels[0].key;
      remember();
      show();
    });
  }
  for (const side of ["a", "b"]) choose[side].addEventListener("change", () => { remember(); show(); });
  share.addEventListener("input", divide);
  part("regions").addEventListener("change", (event) => {
    dialog.classList.toggle("without-regions", !event.target.checked);
  });

  stage.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.002)), event.clientX, event.clientY);
  }, { passive: false });
  const fingers = new Map();
  let moved = false;
  stage.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    fingers.set(event.pointerId, event);
    moved = false;
  });
  stage.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    if (!moved) {
      // Captured from here on, not from the start: a click on a shape is the shape's.
      if (Math.hypot(event.clientX - before.clientX, event.clientY - before.clientY) < 3) return;
      moved = true;
      for (const id of fingers.keys()) stage.setPointerCapture(id);
    }
    if (mode === "slider" && before.target.closest(".handle")) {
      const box = stage.getBoundingClientRect();
      share.value = 100 * (event.clientX - box.left) / box.width;
      divide();
      return;
    }
    if (fingers.size === 2) {
      const [other] = [...fingers.values()].filter((f) => f.pointerId !== event.pointerId);
      const apart = (f) => Math.hypot(f.clientX - other.clientX, f.clientY - other.clientY);
      zoom(apart(event) / Math.max(1, apart(before)),
        (event.clientX + other.clientX) / 2, (event.clientY + other.clientY) / 2);
    } else {
      pan(event.clientX - before.clientX, event.clientY - before.clientY);
    }
    const target = before.target;
    fingers.set(event.pointerId, { pointerId: event.pointerId, clientX: event.clientX, clientY: event.clientY, target });
  });
  for (const name of ["pointerup", "pointercancel"]) {
    stage.addEventListener(name, (event) => fingers.delete(event.pointerId));
  }
  stage.addEventListener("dblclick", (event) => zoom(2, event.clientX, event.clientY));

  dialog.addEventListener("keydown", (event) => {
    if (event.target.matches("select, input[type=range], input[type=radio]") && event.key.startsWith("Arrow")) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const far = 80;
    const keys = {
      ArrowRight: () => (event.shiftKey ? pan(-far, 0) : step(1)),
      ArrowLeft: () => (event.shiftKey ? pan(far, 0) : step(-1)),
      ArrowUp: () => event.shiftKey && pan(0, far),
      ArrowDown: () => event.shiftKey && pan(0, -far),
      "+": () => zoom(1.5), "=": () => zoom(1.5), "-": () => zoom(1 / 1.5),
      0: () => { place = null; layout(); },
      1: () => zoom(1 / devicePixelRatio / place.scale),
    };
    if (keys[event.key] && keys[event.key]() !== false) {
      if (event.key.startsWith("Arrow") || "+=-01".includes(event.key)) event.preventDefault();
    }
  });
  new ResizeObserver(layout).observe(stage);

  return { open };
})();
