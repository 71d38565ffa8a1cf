/** Just enough of a PNG decoder for tests: 8 bits a channel, RGB or RGBA, not interlaced; every checksum is held. */
import { crc32, inflateSync } from 'node:zlib';

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Red, green and blue of a pixel. */
  at(x: number, y: number): readonly [number, number, number];
  /** How many different colours there are. */
  readonly colors: number;
}

/** @throws on whatever is no such PNG. */
export function decodePng(bytes: Buffer): Pixels {
  if (bytes.toString('latin1', 0, 8) !== '\x89PNG\r\n\x1a\n') throw new Error('no PNG');
  const data: Buffer[] = [];
  let header: Buffer | undefined;
  let ended = false;
  for (let at = 8; at < bytes.length;) {
    const size = bytes.readUInt32BE(at);
    const name = bytes.toString('latin1', at + 4, at + 8);
    const body = bytes.subarray(at + 8, at + 8 + size);
    if (crc32(bytes.subarray(at + 4, at + 8 + size)) !== bytes.readUInt32BE(at + 8 + size)) throw new Error(`${name}: wrong checksum`); // prettier-ignore
    if (name === 'IHDR') header = body;
    if (name === 'IDAT') data.push(body);
    ended = name === 'IEND';
    at += 12 + size;
  }
  if (!header || !ended) throw new Error('PNG: no header or no end');
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const channels = { 2: 3, 6: 4 }[header[9] ?? 0];
  if (channels === undefined || header[8] !== 8 || header[12] !== 0) throw new Error('PNG: unknown kind');
  const raw = inflateSync(Buffer.concat(data));
  const stride = width * channels;
  if (raw.length !== height * (stride + 1)) throw new Error(`PNG: ${raw.length} bytes of pixels`);
  const pixels = unfiltered(raw, height, stride, channels);
  const at = (x: number, y: number): readonly [number, number, number] => {
    const i = y * stride + x * channels;
    return [pixels[i] ?? 0, pixels[i + 1] ?? 0, pixels[i + 2] ?? 0];
  };
  const seen = new Set<number>();
  for (let i = 0; i < pixels.length; i += channels) seen.add(pixels.readUIntBE(i, 3));
  return { width, height, at, colors: seen.size };
}

/** The five filters of the specification, section 9. */
function unfiltered(raw: Buffer, height: number, stride: number, channels: number): Buffer {
  const out = Buffer.alloc(height * stride);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)];
    for (let x = 0; x < stride; x++) {
      const left = x >= channels ? (out[y * stride + x - channels] ?? 0) : 0;
      const up = y > 0 ? (out[(y - 1) * stride + x] ?? 0) : 0;
      const corner = y > 0 && x >= channels ? (out[(y - 1) * stride + x - channels] ?? 0) : 0;
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter ?? 5];
      if (guess === undefined) throw new Error('PNG: unknown filter');
      out[y * stride + x] = (raw[y * (stride + 1) + 1 + x] ?? 0) + guess;
    }
  }
  return out;
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}
