/** What a rendition can be taken away as. */
export interface Shared {
  readonly fileUrl: string;
  /** The stream that the player prefers; null where there is none. */
  readonly framedUrl: string | null;
  readonly embedUrl: string | null;
  readonly scriptUrl: string;
  readonly title: string;
  readonly artist: string;
}

/** One text to copy, and what it is called. */
export interface Snippet {
  readonly name: string;
  readonly text: string;
}

/** The texts to copy: the address, a command and two ways to embed. */
export function snippets({ fileUrl, framedUrl, embedUrl, scriptUrl, title, artist }: Shared): readonly Snippet[] {
  const name = new URL(fileUrl).pathname.split('/').at(-1) ?? '';
  const artistAttribute = artist === '' ? '' : ` artist="${attribute(artist)}"`;
  const named = `title="${attribute(title)}"${artistAttribute}`;
  const player =
    framedUrl === null
      ? `<baton-player src="${attribute(fileUrl)}" ${named}></baton-player>`
      : `<baton-player ${named}>\n  <source src="${attribute(framedUrl)}">\n  <source src="${attribute(fileUrl)}">\n</baton-player>`;
  const texts = [
    { name: 'File', text: fileUrl },
    { name: 'Command line', text: `curl -o ${quoted(name === '' ? 'episode.mp3' : name)} ${quoted(fileUrl)}` },
    { name: 'Player in your page', text: `<script type="module" src="${attribute(scriptUrl)}"></script>\n${player}` },
  ];
  if (embedUrl === null) return texts;
  const size = 'width="100%" height="190" style="border:0"';
  const frame = `<iframe src="${attribute(embedUrl)}" title="${attribute(title)}" ${size} allow="autoplay" loading="lazy"></iframe>`;
  return [...texts, { name: 'Player in a frame', text: frame }];
}

const attribute = (text: string): string => text.replace(/[&"<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);

const quoted = (text: string): string => (/^[\w./:~-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
