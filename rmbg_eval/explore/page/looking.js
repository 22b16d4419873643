// Looking closely: alpha, its histogram, its course along a line.

class Looking extends Layout {
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
    this.percent.textContent = this.panels.size[0]
      ? `${Math.round(this.panels.scale() * 100)} %`
      : "";
    const sides = this.shownSides().filter((side) => side.alpha);
    this.histogramCard.hidden = !sides.length;
    const shown =
      sides.map((side) => `${side.model}/${this.item?.id}/${this.foreground.value}`).join() +
      this.lang;
    if (sides.length && this.histogram.dataset.shown !== shown) {
      this.histogram.dataset.shown = shown;
      this.histogram.replaceChildren(
        histogramPlot(
          this.t("histogram"),
          sides.map((side) => side.alpha),
        ),
      );
      this.histogramText.replaceChildren(...keyed(sides.map((side) => this.share(side))));
    }
    const { line } = this.panels;
    this.profileCard.hidden = !line || !sides.length;
    if (line) this.lineFields.forEach((input, number) => (input.value = Math.round(line[number])));
    if (line && sides.length) {
      const courses = sides.map((side) => ({ name: side.model, values: side.alpha.profile(line) }));
      this.profile.replaceChildren(profilePlot(this.t("profile"), courses));
      const widths = courses.map(({ name, values }) => {
        const band = softBand(values);
        return band === null
          ? this.t("no_band", { model: name })
          : this.t("band", { model: name, pixels: band.toFixed(1) });
      });
      this.profileText.replaceChildren(...keyed(widths));
    }
  }

  share(side) {
    const counts = side.alpha.histogram();
    const all = side.alpha.alpha.length;
    // As the report has it: in between is 0.05 ≤ alpha ≤ 0.95.
    const percent = (from, to) =>
      `${((100 * counts.slice(from, to).reduce((sum, count) => sum + count, 0)) / all).toFixed(1)} %`;
    return this.t("shares", {
      model: side.model,
      clear: percent(0, 13),
      between: percent(13, 243),
      opaque: percent(243, 256),
    });
  }
}

// Lines of text, each with the colour of its curve where there are several.
function keyed(lines) {
  return lines.map((line, number) =>
    h("span", { class: lines.length > 1 ? `rx-key-${number}` : null }, line),
  );
}
