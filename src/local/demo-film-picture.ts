import type { Bytes, Frames } from '../units.ts';

/** The picture of the film: 720p, planar YUV 4:2:0 in the range of television. */
export const WIDTH = 1280;
export const HEIGHT = 720;
export const FRAMES_PER_SECOND = 25;
export const PICTURE_BYTES: Bytes = (WIDTH * HEIGHT * 3) / 2;

/** How long a flash at each full second is, and the beep with it. */
export const FLASH_FRAMES: Frames = 2;

/**
 * Draws frames: a clock with minutes, seconds and frames in the middle, a bar that crosses the picture once a second, a
 * square that flashes on the second, and along the bottom the frame's number as bits, the highest first.
 */
export function filmPictures(): (frame: Frames) => Uint8Array {
  const background = drawBackground();
  return (frame) => {
    const picture = Uint8Array.from(background);
    drawClock(picture, clockText(frame));
    const inSecond = frame % FRAMES_PER_SECOND;
    fill(
      picture,
      { x: (inSecond * WIDTH) / FRAMES_PER_SECOND, y: SWEEP_Y, width: WIDTH / FRAMES_PER_SECOND, height: 24 },
      180,
    );
    if (inSecond < FLASH_FRAMES) fill(picture, FLASH, 235);
    for (let bit = 0; bit < BITS; bit++) fill(picture, bitCell(bit), (frame >> (BITS - 1 - bit)) & 1 ? 235 : 16);
    return picture;
  };
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The frame's number is written in so many cells. */
export const BITS = 16;
const SWEEP_Y = 560;
const FLASH: Box = { x: 80, y: 72, width: 96, height: 96 };
const DARK = 28;
const LIGHT = 96;

export const bitCell = (bit: number): Box => ({ x: 80 + bit * 70, y: 632, width: 70, height: 40 });

/** Dark at the top, lighter towards the bottom, a blue that turns to teal. */
function drawBackground(): Uint8Array {
  const picture = new Uint8Array(PICTURE_BYTES);
  for (let y = 0; y < HEIGHT; y++) picture.fill(DARK + ((LIGHT - DARK) * y) / HEIGHT, y * WIDTH, (y + 1) * WIDTH);
  const [half, plane] = [WIDTH / 2, (WIDTH * HEIGHT) / 4];
  for (let y = 0; y < HEIGHT / 2; y++) {
    const down = (2 * y) / HEIGHT;
    picture.fill(152 - 16 * down, WIDTH * HEIGHT + y * half, WIDTH * HEIGHT + (y + 1) * half);
    picture.fill(112 - 12 * down, WIDTH * HEIGHT + plane + y * half, WIDTH * HEIGHT + plane + (y + 1) * half);
  }
  fill(picture, { x: 0, y: SWEEP_Y, width: WIDTH, height: 24 }, 40);
  fill(picture, FLASH, 40);
  return picture;
}

function clockText(frame: Frames): string {
  const seconds = Math.floor(frame / FRAMES_PER_SECOND);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}.${two(frame % FRAMES_PER_SECOND)}`;
}

const DIGIT = { width: 104, height: 208, stroke: 26, gap: 30 } as const;
const CLOCK_Y = 232;

/** Which of the seven strokes of a digit are drawn: top, upper left, upper right, middle, lower left, lower right, bottom. */
const STROKES: Readonly<Record<string, string>> = {
  ...{ 0: '1110111', 1: '0010010', 2: '1011101', 3: '1011011', 4: '0111010' },
  ...{ 5: '1101011', 6: '1101111', 7: '1010010', 8: '1111111', 9: '1111011' },
};

function drawClock(picture: Uint8Array, text: string): void {
  const advance = (sign: string): number => (sign in STROKES ? DIGIT.width : DIGIT.stroke) + DIGIT.gap;
  const width = Array.from(text).reduce((sum, sign) => sum + advance(sign), -DIGIT.gap);
  let x = Math.round((WIDTH - width) / 2);
  for (const sign of text) {
    for (const box of strokesOf(sign)) fill(picture, { ...box, x: x + box.x, y: CLOCK_Y + box.y }, 225);
    x += advance(sign);
  }
}

function strokesOf(sign: string): readonly Box[] {
  const { width, height, stroke } = DIGIT;
  const dot = (y: number): Box => ({ x: 0, y, width: stroke, height: stroke });
  if (sign === ':') return [dot(height / 4), dot((3 * height) / 4 - stroke)];
  if (sign === '.') return [dot(height - stroke)];
  const [across, up] = [
    { width, height: stroke },
    { width: stroke, height: height / 2 },
  ];
  const all: readonly Box[] = [
    { x: 0, y: 0, ...across },
    { x: 0, y: 0, ...up },
    { x: width - stroke, y: 0, ...up },
    { x: 0, y: (height - stroke) / 2, ...across },
    { x: 0, y: height / 2, ...up },
    { x: width - stroke, y: height / 2, ...up },
    { x: 0, y: height - stroke, ...across },
  ];
  return all.filter((_, index) => STROKES[sign]?.[index] === '1');
}

function fill(picture: Uint8Array, { x, y, width, height }: Box, luma: number): void {
  const [left, right] = [Math.round(x), Math.round(x + width)];
  for (let row = y; row < y + height; row++) picture.fill(luma, row * WIDTH + left, row * WIDTH + right);
}
