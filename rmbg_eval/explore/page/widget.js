// The page of `rmbg-eval serve` is there before its kernel is; the widget then takes it over.
function render({ model, el }) {
  const waiting = globalThis.rmbgExplorer;
  if (waiting && !waiting.wire.model) {
    waiting.wire.connect(model);
    return;
  }
  const root = document.createElement("div");
  el.append(root);
  new Explorer(root, model.get("strings"), model.get("lang")).wire.connect(model);
}

export default { render };
