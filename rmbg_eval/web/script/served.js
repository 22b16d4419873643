// The page of `rmbg-eval serve`, before its kernel is there.

import { Explorer } from "./explorer.js";

const root = document.getElementById("rmbg-page");
const strings = document.getElementById("rmbg-strings")?.textContent;
if (root && strings) {
  const lang = new URLSearchParams(location.search).get("lang");
  Object.assign(globalThis, { rmbgExplorer: new Explorer(root, JSON.parse(strings), lang) });
}
