// Elements of SVG, as dom.js makes those of HTML.

/**
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | number>} attributes
 * @param {...(Node | string)} children
 * @returns {SVGElementTagNameMap[K]}
 */
export function svg(tag, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

/**
 * What lies over a picture, in its pixels.
 * @param {number[]} size of the picture
 * @param {string} name of its class
 * @param {...Node} children
 */
export const over = ([width, height], name, ...children) =>
  svg(
    "svg",
    { class: name, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" },
    ...children,
  );

/** A box as path data. @param {number[]} box left, top, width and height */
export const framed = ([x, y, width, height]) => `M${x} ${y}h${width}v${height}h${-width}Z`;

/** A line that is seen on any picture: a dark one under a light one. @param {string} d @param {string} [light] its class */
export const strokes = (d, light = "dash") =>
  ["halo", light].map((name) => svg("path", { class: name, d }));
