import { parseArgs } from 'node:util';
import { cachedRanges } from './cached-ranges.ts';
import { farOrigin } from './far-origin.ts';
import { live } from './live.ts';
import { feed } from './feed.ts';
import { hlsRelay } from './hls-relay.ts';
import { firstFrame } from './first-frame.ts';
import { hls } from './hls.ts';
import type { Row } from './measure.ts';
import { openLab } from './lab.ts';
import { onLambda } from './on-lambda.ts';
import { pages } from './pages.ts';
import { randomSeek } from './random-seek.ts';
import { raw } from './raw.ts';
import { table } from './table.ts';
import { videoSegment } from './video-segment.ts';
import { wholeEpisode } from './whole-episode.ts';

/** Every benchmark: Baton and its peer on this machine, in the same run. */
const BENCHMARKS = {
  firstFrame,
  farOrigin,
  wholeEpisode,
  randomSeek,
  cachedRanges,
  onLambda,
  pages,
  raw,
  hlsRelay,
  feed,
  live,
  hls,
  videoSegment,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false } },
});

if (values.help) {
  console.log(`Usage: npm run bench -- [--json] [${Object.keys(BENCHMARKS).join(' | ')}]...

Measures Baton beside its peers (curl, ffmpeg, nginx) and prints one table, or with --json one object a line.
A ratio is Baton's figure divided by the peer's.`);
} else {
  await using lab = await openLab();
  const rows: Row[] = [];
  for (const [name, benchmark] of Object.entries(BENCHMARKS)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    console.error(`${name} ...`);
    for (const row of await benchmark(lab)) {
      rows.push(row);
      if (values.json) console.log(JSON.stringify(row));
    }
  }
  if (!values.json) console.log(table(rows));
  process.exitCode = rows.every((row) => row.ok !== false) ? 0 : 1;
}
