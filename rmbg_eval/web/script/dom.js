// Elements of HTML with their attributes and children.

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} [attributes] `on…` are listeners; `true` stands for an attribute
 *   without a value; `false`, `null` and `undefined` are left out
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== false && value != null) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

/** What finds an element's parts by their names.
 * @param {ParentNode} whole @returns {<E extends HTMLElement = HTMLElement>(name: string) => E} */
export const partsOf = (whole) => (name) =>
  /** @type {any} */ (whole.querySelector(`[data-part="${name}"]`));

/** All elements there that a selector finds.
 * @template {Element} [E=HTMLElement] @param {ParentNode} where @param {string} selector @returns {E[]} */
export const allIn = (where, selector) =>
  /** @type {any} */ ([...where.querySelectorAll(selector)]);

/** Of the buttons with `data-NAME`, press the one that has this value.
 * @param {ParentNode} where @param {string} name @param {string} [value] */
export function pressOne(where, name, value) {
  for (const button of allIn(where, `[data-${name}]`)) {
    button.setAttribute("aria-pressed", String(button.dataset[name] === value));
  }
}

/** Let a button be pressed or not. By `disabled` it would lose the focus: who has just pressed it by
 * a key would be nowhere on the page. @param {Element} button @param {boolean} can */
export const enable = (button, can) => button.setAttribute("aria-disabled", String(!can));

/** @param {Element} button */
export const enabled = (button) => button.getAttribute("aria-disabled") !== "true";

/** Other buttons in place of those that a strip has. Who is on one of them is on the one in its place.
 * @param {HTMLElement} strip @param {HTMLElement[]} buttons */
export function refill(strip, buttons) {
  const at = [...strip.children].indexOf(/** @type {Element} */ (document.activeElement));
  strip.replaceChildren(...buttons);
  buttons[at]?.focus({ preventScroll: true });
}

/** A name that keeps its end where not all of it fits: folders of finished cut-outs differ there.
 * @param {string} name */
export function ended(name) {
  const at = Math.max(name.lastIndexOf("/"), name.lastIndexOf("\\")) + 1;
  const parts = [name.slice(0, at), name.slice(at)].map((part) => h("span", {}, part));
  return at ? h("span", { class: "path" }, ...parts) : name;
}

/** Say of a strip that scrolls sideways where it goes on, and again when that changes. @param {HTMLElement} strip */
export function edges(strip) {
  const tell = () => {
    const { scrollLeft, scrollWidth, clientWidth } = strip;
    strip.classList.toggle("more-before", scrollLeft > 1);
    strip.classList.toggle("more-after", scrollLeft + clientWidth < scrollWidth - 1);
  };
  strip.addEventListener("scroll", tell, { passive: true });
  const observer = new ResizeObserver(tell);
  const watch = () => {
    for (const each of [strip, ...strip.children]) observer.observe(each);
  };
  new MutationObserver(watch).observe(strip, { childList: true });
  watch();
}

/** The place after this one, or before it: round the ends, and from none to the first or the last.
 * @param {number} at -1: none @param {1 | -1} by @param {number} count */
export const around = (at, by, count) =>
  at < 0 ? (by > 0 ? 0 : count - 1) : (at + by + count) % count;

/**
 * Do this once a dialog is closed, however that was: at once. The event comes in a task of its own, by
 * when a quick reader has opened it again, and would see it close.
 * @param {HTMLDialogElement} dialog @param {() => void} act
 */
export function whenClosed(dialog, act) {
  const look = () => {
    if (!dialog.open) act();
  };
  new MutationObserver(look).observe(dialog, { attributeFilter: ["open"] });
}

/** Have the browser save it as a file. @param {Blob} blob @param {string} name */
export function download(blob, name) {
  const url = URL.createObjectURL(blob);
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
