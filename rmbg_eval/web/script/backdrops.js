// What cut-outs stand on: a colour, a photograph, a picture of one's own.

import { allIn, h } from "./dom.js";

const root = document.documentElement;
const OWN = new CSSStyleSheet();
const OWN_SIDE = 1600; // pixels at most: it is only looked at from afar

/** A colour, and a picture of one's own, which stays in the browser. */
export function backdrops() {
  const input = (/** @type {string} */ id) =>
    /** @type {HTMLInputElement | null} */ (document.getElementById(id));
  const [colour, own] = [input("backdrop-colour"), input("backdrop-file")];
  /** @type {HTMLInputElement[]} */
  const radios = allIn(document, "[name=backdrop]");
  // It is chosen in the bar of the page, and in those of what is opened over it.
  const pick = (/** @type {string} */ value) => {
    root.dataset.backdrop = value;
    for (const radio of radios) radio.checked = radio.value === value;
  };
  document.addEventListener("change", ({ target }) => {
    if (target instanceof HTMLInputElement && target.name === "backdrop") pick(target.value);
  });
  document.addEventListener("click", ({ target }) => {
    if (!(target instanceof HTMLInputElement) || target.name !== "backdrop") return;
    if (target.value === "colour") colour?.click();
    if (target.value === "own") own?.click();
  });
  colour?.addEventListener("input", () => {
    root.style.setProperty("--backdrop", colour.value);
    pick("colour");
  });
  own?.addEventListener("change", async () => {
    const [chosen] = own.files ?? [];
    own.value = "";
    if (!chosen) return;
    try {
      const bitmap = await createImageBitmap(chosen);
      const scale = Math.min(1, OWN_SIDE / Math.max(bitmap.width, bitmap.height));
      const [width, height] = [bitmap.width, bitmap.height].map((n) => Math.ceil(n * scale));
      const canvas = h("canvas", { width, height });
      canvas.getContext("2d")?.drawImage(bitmap, 0, 0, width, height);
      const address = canvas.toDataURL("image/jpeg", 0.85);
      OWN.replaceSync(
        `html[data-backdrop="own"] .rmbg .cut { background: url("${address}") 50% 50% / cover; }`,
      );
      document.adoptedStyleSheets = [...new Set([...document.adoptedStyleSheets, OWN])];
      pick("own");
    } catch {
      pick("checker"); // no picture that this browser reads
    }
  });
}
