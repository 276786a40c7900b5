import { readFileSync } from 'node:fs';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBaton, type Lab } from './lab.ts';
import { limit, median, peakMegabytes, type Row } from './measure.ts';

const ITEMS = 1000;
const ROUNDS = 9;
const OPTIONS = 'codec.mp3~bitrate.96k';

/** A feed of 1,000 episodes whose lengths the store knows, asked of a process that has just started. */
export async function feed(lab: Lab): Promise<readonly Row[]> {
  await using stack = new AsyncDisposableStack();
  const data = join(lab.folder, 'feed');
  const www = join(lab.folder, 'www');
  await Promise.all(numbers().map((number) => symlink(join(www, 'hour.mp3'), join(www, `episode-${number}.mp3`))));
  await writeFile(join(www, 'feed.xml'), feedText(lab.originUrl));
  {
    await using first = new AsyncDisposableStack();
    await learn(feedLink(await startBaton(data, lab.originUrl, first), lab.originUrl));
  }
  const baton = await startBaton(data, lab.originUrl, stack);
  const url = feedLink(baton, lab.originUrl);
  const before = residentMegabytes(baton.pid);
  await milliseconds(url); // compiles what is run often
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) times.push(await milliseconds(url));
  return [
    limit(`feed of ${ITEMS} known episodes`, 'ms', median(times), 150),
    limit(`feed of ${ITEMS} known episodes: memory`, 'MB', peakMegabytes(baton.pid) - before, 60),
  ];
}

const feedLink = (baton: { link: Lab['baton']['link'] }, origin: string): string =>
  baton.link(`${origin}/feed.xml`, OPTIONS, { kind: 'feed', name: 'feed.xml' });

const numbers = (): number[] => Array.from({ length: ITEMS }, (_, index) => index);

/** Asks until nothing is left to find out, which an ETag shows. */
async function learn(url: string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const response = await fetch(url, { method: 'HEAD' });
    if (response.headers.has('etag')) return;
    await (await fetch(url)).arrayBuffer();
    await sleep(1000);
  }
  throw new Error('the lengths of the feed do not become known');
}

/** From the request to the last byte. */
async function milliseconds(url: string): Promise<number> {
  const startedAt = performance.now();
  const response = await fetch(url);
  const text = await response.text();
  const ms = performance.now() - startedAt;
  if (text.split('/file/').length - 1 < ITEMS) throw new Error('the feed has not all its episodes as files');
  return ms;
}

const residentMegabytes = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) / 1024;

/** With as much text to an episode as feeds have. */
const feedText = (origin: string): string => `<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel><title>A thousand hours</title><link>${origin}</link><description>Every hour of it</description>
${numbers()
  .map((number) => itemText(origin, number))
  .join('\n')}
</channel></rss>
`;

const itemText = (origin: string, number: number): string => `<item>
<title>Hour ${number} &amp; no minute more</title><guid isPermaLink="false">hour-${number}</guid>
<pubDate>${new Date(1_700_000_000_000 - number * 86_400_000).toUTCString()}</pubDate>
<enclosure url="${origin}/episode-${number}.mp3" length="1" type="audio/mpeg"/>
<itunes:duration>3600</itunes:duration><itunes:summary>${'What is said in an hour — all of it. '.repeat(12)}</itunes:summary>
<content:encoded><![CDATA[${'<p>And what was <b>not</b> said, in a paragraph of its own.</p>'.repeat(24)}]]></content:encoded>
</item>`;
