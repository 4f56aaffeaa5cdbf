// Draws what a scanner might: a small grey PNG for every token, so that the window has pictures without a patient in them.

import { deflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);

function chunk(name, body) {
  const named = Buffer.concat([Buffer.from(name), body]);
  const [size, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  size.writeUInt32BE(body.length);
  sum.writeUInt32BE(crc(named));
  return Buffer.concat([size, named, sum]);
}

/** The check of a chunk (PNG, section 5.5); zlib tells it only from Node.js 20.15 on. */
function crc(bytes) {
  let value = ~0;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  }
  return ~value >>> 0;
}

function png(size, grey) {
  const rows = Buffer.alloc((size + 1) * size);
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) rows[y * (size + 1) + 1 + x] = grey((2 * x) / size - 1, (2 * y) / size - 1);
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(size, 4);
  head[8] = 8;
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** A slice through something round; `n` moves through it. */
const slice = (n) => (x, y) => {
  const r = Math.hypot(x / 0.82, y / 0.66);
  if (r > 1) return 4;
  if (r > 0.93) return 215;
  const [a, b] = [Math.hypot(x + 0.36, y) < 0.3, Math.hypot(x - 0.36, y) < 0.3];
  if (a || b) return 30 + ((Math.hypot(x * 9, y * 9 + n) * 4) % 18);
  return Math.hypot(x, y + 0.32 - (n % 40) / 90) < 0.12 ? 235 : 118 + 22 * Math.sin(7 * x + n / 5) * Math.cos(6 * y);
};

/** The picture of a token such as "ct-12"; none where the token says so ("none-..."). */
export function picture(token, query) {
  if (token.startsWith("none")) return null;
  const n = Number(/\d+/.exec(token)?.[0] ?? 0) + Number(query.get("frame") ?? 0);
  const gain = query.has("width") ? 400 / Math.max(1, Number(query.get("width"))) : 1;
  const shift = query.has("center") ? 40 - Number(query.get("center")) : 0;
  const draw = slice(n);
  const size = Math.min(256, Number(query.get("edge") ?? 256));
  return png(size, (x, y) => Math.max(0, Math.min(255, (draw(x, y) - 128 + shift) * gain + 128)));
}
