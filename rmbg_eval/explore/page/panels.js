// Panels that show the same place of several pictures: one view for all of them.

const STEPS = [0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16];

class Panels {
  constructor(changed) {
    this.panels = [];
    this.size = [0, 0]; // of the picture, in its pixels
    this.view = null; // { scale, x, y }: the picture's point in the panel's middle; null: fitted
    this.line = null; // [x1, y1, x2, y2] in the picture's pixels
    this.drawing = false;
    this.drags = []; // what ends each that goes on
    this.pinched = null; // two fingers a moment ago: { apart, clientX, clientY }
    this.changed = changed; // told when the view or the line is another
    this.observer = new ResizeObserver(() => this.place());
  }

  add(panel) {
    // panel: { stage, content() } where content is the element that shows the picture
    this.panels.push(panel);
    const { stage } = panel;
    stage.tabIndex = 0;
    stage.addEventListener("wheel", (event) => this.wheel(panel, event), { passive: false });
    stage.addEventListener("pointerdown", (event) => this.down(panel, event));
    for (const type of ["touchstart", "touchmove", "touchend", "touchcancel"]) {
      stage.addEventListener(type, (event) => this.touch(panel, event), { passive: false });
    }
    stage.addEventListener("keydown", (event) => this.key(panel, event));
    stage.addEventListener("dblclick", (event) => {
      if (!this.drawing) this.zoom(this.scale(panel) >= 1 ? null : 1, this.point(panel, event));
    });
    stage.addEventListener("dragstart", (event) => event.preventDefault());
    panel.overlay = svg("svg", { class: "rx-overlay", "aria-hidden": "true" });
    stage.append(panel.overlay);
    this.observer.observe(stage);
  }

  show(width, height) {
    if (this.size[0] !== width || this.size[1] !== height) {
      this.size = [width, height];
      this.view = null;
      this.line = null;
    }
    this.place();
  }

  fitted(panel) {
    const { clientWidth, clientHeight } = panel.stage;
    return Math.min(clientWidth / this.size[0], clientHeight / this.size[1], 1) || 1;
  }

  scale(panel = this.visible()) {
    return this.view ? this.view.scale : panel ? this.fitted(panel) : 1;
  }

  visible() {
    return this.panels.find(({ stage }) => stage.clientWidth) ?? this.panels[0];
  }

  // The transform from the picture's pixels to the panel's.
  transform(panel) {
    const scale = this.scale(panel);
    const [x, y] = this.view ? [this.view.x, this.view.y] : [this.size[0] / 2, this.size[1] / 2];
    const { clientWidth, clientHeight } = panel.stage;
    return { scale, left: clientWidth / 2 - x * scale, top: clientHeight / 2 - y * scale };
  }

  place() {
    for (const panel of this.panels) {
      const { scale, left, top } = this.transform(panel);
      for (const content of panel.stage.querySelectorAll("img, canvas")) {
        content.style.width = `${this.size[0]}px`;
        content.style.height = `${this.size[1]}px`;
        content.style.transform = `translate(${left}px, ${top}px) scale(${scale})`;
        content.classList.toggle("rx-pixels", scale * devicePixelRatio >= 3);
      }
      // The backdrop is only where the picture is.
      const width = this.size[0] * scale;
      const height = this.size[1] * scale;
      const backdrop = panel.stage.querySelector(".rx-backdrop");
      if (backdrop) {
        const x = Math.max(left, 0);
        const y = Math.max(top, 0);
        backdrop.style.translate = `${x}px ${y}px`;
        backdrop.style.width = `${Math.min(left + width, panel.stage.clientWidth) - x}px`;
        backdrop.style.height = `${Math.min(top + height, panel.stage.clientHeight) - y}px`;
      }
      panel.overlay.replaceChildren();
      if (this.line) {
        const [x1, y1, x2, y2] = this.line;
        const ends = {
          x1: left + x1 * scale,
          y1: top + y1 * scale,
          x2: left + x2 * scale,
          y2: top + y2 * scale,
        };
        panel.overlay.append(
          svg("line", { ...ends, class: "rx-line-under" }),
          svg("line", { ...ends, class: "rx-line" }),
          svg("circle", { cx: ends.x1, cy: ends.y1, r: 4, class: "rx-end" }),
        );
      }
    }
    this.changed();
  }

  point(panel, event) {
    const box = panel.stage.getBoundingClientRect();
    const { scale, left, top } = this.transform(panel);
    return [
      (event.clientX - box.left - panel.stage.clientLeft - left) / scale,
      (event.clientY - box.top - panel.stage.clientTop - top) / scale,
    ];
  }

  // Zoom to `scale` (null: fitted) so that the picture's point stays where it is on the panel.
  zoom(scale, point) {
    if (scale === null) this.view = null;
    else this.lookFrom(scale, point);
    this.place();
  }

  lookFrom(scale, [x, y] = [this.size[0] / 2, this.size[1] / 2]) {
    const now = this.scale();
    const cx = this.view?.x ?? this.size[0] / 2;
    const cy = this.view?.y ?? this.size[1] / 2;
    const kept = Math.min(Math.max(scale, 0.02), 32);
    this.look(kept, x + ((cx - x) * now) / kept, y + ((cy - y) * now) / kept);
  }

  look(scale, x, y) {
    const within = (value, most) => Math.min(Math.max(value, 0), most);
    this.view = { scale, x: within(x, this.size[0]), y: within(y, this.size[1]) };
  }

  step(direction, point) {
    const now = this.scale();
    const next =
      direction > 0 ? STEPS.find((s) => s > now * 1.01) : STEPS.findLast((s) => s < now * 0.99);
    if (next) this.zoom(next, point ?? (this.view ? [this.view.x, this.view.y] : undefined));
  }

  wheel(panel, event) {
    if (!event.ctrlKey && !event.metaKey) return; // a page scrolls
    event.preventDefault();
    this.zoom(this.scale(panel) * Math.exp(-event.deltaY / 200), this.point(panel, event));
  }

  down(panel, event) {
    if (event.button !== 0) return;
    const { stage } = panel;
    const start = this.point(panel, event);
    const { scale } = this.transform(panel);
    const [x, y] = this.view ? [this.view.x, this.view.y] : [this.size[0] / 2, this.size[1] / 2];
    if (!this.drawing && event.pointerType === "touch" && !this.view) return; // a page scrolls
    stage.setPointerCapture(event.pointerId);
    const move = (moved) => {
      if (this.drawing) this.line = [...start, ...this.point(panel, moved)];
      else {
        const dx = (moved.clientX - event.clientX) / scale;
        const dy = (moved.clientY - event.clientY) / scale;
        if (this.view || Math.hypot(dx, dy) * scale > 4) this.look(scale, x - dx, y - dy);
      }
      this.place();
    };
    const up = () => {
      this.drags = this.drags.filter((drag) => drag !== up);
      stage.removeEventListener("pointermove", move);
      stage.removeEventListener("pointerup", up);
      stage.removeEventListener("pointercancel", up);
    };
    stage.addEventListener("pointermove", move);
    stage.addEventListener("pointerup", up);
    stage.addEventListener("pointercancel", up);
    this.drags.push(up);
  }

  // Two fingers zoom and move the picture, in all panels, and one moves it where it is zoomed; the
  // page keeps still.
  touch(panel, event) {
    const before = this.pinched;
    this.pinched = null;
    const moved = event.touches.length === 1 && event.type === "touchmove" && this.view;
    if (moved || event.touches.length === 2) event.preventDefault();
    if (event.touches.length !== 2) return;
    for (const stop of this.drags.splice(0)) stop();
    const [one, other] = event.touches;
    const now = {
      apart: Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY),
      clientX: (one.clientX + other.clientX) / 2,
      clientY: (one.clientY + other.clientY) / 2,
    };
    this.pinched = now;
    if (!before) return;
    const wanted = (this.scale(panel) * now.apart) / Math.max(before.apart, 1);
    this.lookFrom(wanted, this.point(panel, before));
    const { scale, x, y } = this.view;
    this.look(
      scale,
      x - (now.clientX - before.clientX) / scale,
      y - (now.clientY - before.clientY) / scale,
    );
    this.place();
  }

  key(panel, event) {
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "+" || event.key === "=") this.step(1);
    else if (event.key === "-") this.step(-1);
    else if (event.key === "0") this.zoom(null);
    else if (event.key === "1") this.zoom(1);
    else if (arrows[event.key] && this.view) {
      const [dx, dy] = arrows[event.key].map((way) => (way * 40) / this.view.scale);
      this.look(this.view.scale, this.view.x + dx, this.view.y + dy);
      this.place();
    } else return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab has keys of its own
  }
}
