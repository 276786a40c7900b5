import { crc32, deflateSync } from 'node:zlib';
import type { Artwork } from '../media/tags.ts';

/** The cover of the demo episode: a sun over waves, and the baton passed on. The same bytes at every start. */
export function drawCover(): Artwork {
  const rows = Buffer.alloc(SIZE * (1 + 3 * SIZE));
  for (let y = 0; y < SIZE; y++) {
    const row = y * (1 + 3 * SIZE) + 1;
    for (let x = 0; x < SIZE; x++) {
      const [r, g, b] = colourAt(x + 0.5, y + 0.5);
      rows[row + 3 * x] = r;
      rows[row + 3 * x + 1] = g;
      rows[row + 3 * x + 2] = b;
    }
  }
  return { mime: 'image/png', bytes: png(rows) };
}

type Colour = readonly [r: number, g: number, b: number];

const SIZE = 720;
const HORIZON = 400;
const SKY: readonly [Colour, Colour, Colour] = [
  [15, 41, 66],
  [118, 92, 128],
  [252, 196, 146],
];
const SUN = { x: 360, y: 318, radius: 128, top: [255, 244, 214], bottom: [255, 158, 97] } as const;

interface Hill {
  readonly level: number;
  readonly waves: readonly (readonly [height: number, length: number, phase: number])[];
  readonly colour: Colour;
}

const HILLS: readonly Hill[] = [
  {
    level: 408,
    waves: [
      [20, 560, 0.4],
      [7, 210, 1.1],
    ],
    colour: [226, 132, 104],
  },
  {
    level: 452,
    waves: [
      [24, 640, 2.3],
      [8, 240, 0.2],
    ],
    colour: [176, 94, 99],
  },
  {
    level: 502,
    waves: [
      [26, 520, 4.2],
      [9, 190, 2.0],
    ],
    colour: [95, 84, 105],
  },
  {
    level: 556,
    waves: [
      [24, 700, 0.9],
      [10, 260, 3.0],
    ],
    colour: [27, 96, 104],
  },
  {
    level: 612,
    waves: [
      [22, 600, 3.4],
      [8, 220, 0.7],
    ],
    colour: [15, 118, 110],
  },
  {
    level: 664,
    waves: [
      [16, 480, 5.2],
      [6, 170, 1.9],
    ],
    colour: [9, 62, 72],
  },
];

/** Two strokes in mid-air: one runner's baton, and the next one's. */
const BATONS = [
  { from: [238, 196], to: [350, 112], width: 11, colour: [255, 250, 240] },
  { from: [372, 152], to: [484, 68], width: 11, colour: [94, 234, 212] },
] as const;

function colourAt(x: number, y: number): Colour {
  const height = y / HORIZON;
  let colour = blend(blend(SKY[0], SKY[1], height / 0.6), SKY[2], (height - 0.4) / 0.6);
  const sun = blend(SUN.top, SUN.bottom, (y - SUN.y + SUN.radius) / (2 * SUN.radius));
  colour = blend(colour, sun, inside(SUN.radius - Math.hypot(x - SUN.x, y - SUN.y)) * stripes(y));
  for (const baton of BATONS)
    colour = blend(colour, baton.colour, inside(baton.width - distance(x, y, baton.from, baton.to)));
  for (const { level, waves, colour: hill } of HILLS) {
    const crest =
      level -
      waves.reduce((sum, [height, length, phase]) => sum + height * Math.sin((2 * Math.PI * x) / length + phase), 0);
    colour = blend(colour, hill, inside(y - crest));
  }
  return colour;
}

/** The lower half of the sun is cut by lines that grow towards the horizon. */
function stripes(y: number): number {
  const depth = y - SUN.y;
  if (depth < -8) return 1;
  const inStripe = Math.abs((depth % 24) - 12);
  return inside(inStripe - (1 + depth / 26));
}

/** Coverage of a pixel whose centre lies this far inside an edge. */
const inside = (depth: number): number => Math.max(0, Math.min(1, depth + 0.5));

function distance(x: number, y: number, from: readonly [number, number], to: readonly [number, number]): number {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const along = Math.max(0, Math.min(1, ((x - from[0]) * dx + (y - from[1]) * dy) / (dx * dx + dy * dy)));
  return Math.hypot(x - from[0] - along * dx, y - from[1] - along * dy);
}

function blend(a: Colour, b: Colour, share: number): Colour {
  const s = Math.max(0, Math.min(1, share));
  return [a[0] + (b[0] - a[0]) * s, a[1] + (b[1] - a[1]) * s, a[2] + (b[2] - a[2]) * s];
}

const TRUE_COLOUR = 2;

/** PNG (RFC 2083): `rows` hold a filter byte each, then 8-bit RGB. */
function png(rows: Buffer): Uint8Array {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(SIZE, 0);
  header.writeUInt32BE(SIZE, 4);
  header.set([8, TRUE_COLOUR], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}
