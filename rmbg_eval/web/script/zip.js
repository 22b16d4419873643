// A ZIP of pictures that are compressed already: stored, with their CRC-32 (PKWARE's APPNOTE).

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n >>> 0;
});

/** @param {Uint8Array} bytes */
export function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) crc = CRC[(crc ^ byte) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** Names that occur twice are numbered. @param {{ name: string, blob: Blob }[]} files */
export async function zip(files) {
  /** @type {BlobPart[]} */
  const parts = [];
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const directory = [];
  const taken = new Set();
  let offset = 0;
  for (const { name, blob } of files) {
    let unique = name;
    for (let n = 2; taken.has(unique.toLowerCase()); n++) {
      unique = name.replace(/(\.\w+)?$/, ` (${n})$1`);
    }
    taken.add(unique.toLowerCase());
    const path = new TextEncoder().encode(unique);
    const crc = crc32(new Uint8Array(await blob.arrayBuffer()));
    // Version 2.0, names in UTF-8, stored, 1 January 1980.
    const sizes = [...le(blob.size), ...le(blob.size), path.length & 255, path.length >> 8];
    const common = [20, 0, 0, 8, 0, 0, 0, 0, 0x21, 0, ...le(crc), ...sizes, 0, 0];
    const head = Uint8Array.from([0x50, 0x4b, 3, 4, ...common, ...path]);
    directory.push(
      Uint8Array.from([
        ...[0x50, 0x4b, 1, 2, 20, 0, ...common, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        ...le(offset),
        ...path,
      ]),
    );
    parts.push(head, blob);
    offset += head.length + blob.size;
    if (offset > 0xffffffff || taken.size > 0xffff) throw new RangeError("too much for one ZIP");
  }
  const size = directory.reduce((sum, entry) => sum + entry.length, 0);
  const count = [taken.size & 255, taken.size >> 8];
  const end = [0x50, 0x4b, 5, 6, 0, 0, 0, 0, ...count, ...count, ...le(size), ...le(offset), 0, 0];
  return new Blob([...parts, ...directory, Uint8Array.from(end)], { type: "application/zip" });
}

/** Little-endian. @param {number} value */
function le(value) {
  return [value & 255, (value >>> 8) & 255, (value >>> 16) & 255, (value >>> 24) & 255];
}
