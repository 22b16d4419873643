// A PNG of pixels as they are: a canvas would lose colours under a low alpha.

import { crc32 } from "./zip.js";

/** @param {string} name @param {Uint8Array} body */
function chunk(name, body) {
  const bytes = new Uint8Array(body.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, body.length);
  bytes.set(new TextEncoder().encode(name), 4);
  bytes.set(body, 8);
  view.setUint32(body.length + 8, crc32(bytes.subarray(4, body.length + 8)));
  return bytes;
}

/** Red, green, blue and alpha, straight. @param {ImageData} image */
export async function png({ width, height, data }) {
  const [row, UP] = [4 * width, 2]; // each line less the one above it: smaller
  const lines = new Uint8Array(height * (row + 1));
  for (let y = 0; y < height; y++) {
    const [from, to] = [y * row, y * (row + 1) + 1];
    lines[to - 1] = UP;
    for (let i = 0; i < row; i++) lines[to + i] = data[from + i] - (y ? data[from + i - row] : 0);
  }
  const stream = new Blob([lines]).stream().pipeThrough(new CompressionStream("deflate"));
  const packed = new Uint8Array(await new Response(stream).arrayBuffer());
  const head = new DataView(new ArrayBuffer(13));
  head.setUint32(0, width);
  head.setUint32(4, height);
  head.setUint8(8, 8); // bits a channel
  head.setUint8(9, 6); // RGBA
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10);
  const header = chunk("IHDR", new Uint8Array(head.buffer));
  const parts = [signature, header, chunk("IDAT", packed), chunk("IEND", new Uint8Array())];
  return new Blob(parts, { type: "image/png" });
}
