import type { DemoEpisode } from './demo-episode.ts';

/**
 * The podcast feed of the demo as a host would publish it, with what feeds out there hold besides enclosures: comments,
 * CDATA, elements of namespaces that nobody knows.
 *
 * @param url of the episode's file
 */
export function demoFeed({ title, artist, bytes, durationMs }: DemoEpisode, url: string): string {
  const seconds = Math.round(durationMs / 1000);
  const item = (number: number, name: string, text: string): string => `    <item>
      <title>${name}</title>
      <itunes:episode>${number}</itunes:episode>
      <description><![CDATA[${text}]]></description>
      <guid isPermaLink="false">baton-demo-${number}</guid>
      <pubDate>${new Date(Date.UTC(2026, 9, 5 * number, 6)).toUTCString()}</pubDate>
      <itunes:duration>${seconds}</itunes:duration>
      <enclosure url="${url}?episode=${number}" length="${bytes}" type="audio/mpeg"/>
      <relay:baton legs='6'   runner="nobody"/>
    </item>`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<!-- as it came from the host -->
<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xmlns:relay="urn:example:relay">
  <channel>
    <title>${title}</title>
    <itunes:author>${artist}</itunes:author>
    <link>http://127.0.0.1/</link>
    <description>Music in six legs, handed on without losing a beat.</description>
    <language>en</language>
${[
  item(3, `${title}, once more`, 'The <em>same</em> music, a third time &amp; for good.'),
  item(2, `${title}, again`, 'The same music, handed on.'),
  item(1, title, 'Six legs, <b>one</b> baton.'),
].join('\n')}
  </channel>
</rss>
`;
}
