// An own small reading of Ogg, so that fixtures do not depend on the code they test.

export interface Page {
  readonly page: Uint8Array;
  /** -1 where no packet ends. */
  readonly granule: number;
  /** All pages of headers of the stream that the page is of. */
  readonly head: Uint8Array;
  readonly isHeader: boolean;
  /** Of the granule position. */
  readonly rate: number;
}

/** The pages of a clean chain of single Ogg streams: Opus, Vorbis or FLAC. Throws where none stands. */
export function oggPages(bytes: Uint8Array): Page[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const links: { rate: number; headers: Buffer[]; pages: Buffer[]; left: number }[] = [];
  for (let at = 0; at < buffer.length;) {
    if (buffer.toString('latin1', at, at + 4) !== 'OggS') throw new Error(`no page at ${at}`);
    const lacing = buffer.subarray(at + 27, at + 27 + buffer.readUInt8(at + 26));
    const start = at + 27 + lacing.length;
    const end = lacing.reduce((sum, length) => sum + length, start);
    const page = buffer.subarray(at, end);
    if ((buffer.readUInt8(at + 5) & 2) !== 0) {
      const [left, rate] = headersOf(buffer.subarray(start, end));
      links.push({ rate, headers: [], pages: [], left });
    }
    const link = links.at(-1);
    if (link === undefined) throw new Error('a stream without a beginning');
    if (link.left > 0) link.headers.push(page);
    else link.pages.push(page);
    link.left -= lacing.filter((length) => length < 255).length;
    at = end;
  }
  return links.flatMap(({ headers, pages, rate }) => {
    const head = Buffer.concat(headers);
    const of = (isHeader: boolean) => (page: Buffer) => ({
      ...{ page, head, rate, isHeader },
      granule: Number(page.readBigInt64LE(6)),
    });
    return [...headers.map(of(true)), ...pages.map(of(false))];
  });
}

/** How many packets of headers there are, and the rate, by the first of them. */
function headersOf(packet: Buffer): [count: number, rate: number] {
  if (packet.toString('latin1', 0, 8) === 'OpusHead') return [2, 48000];
  if (packet.toString('latin1', 1, 7) === 'vorbis') return [3, packet.readUInt32LE(12)];
  if (packet.toString('latin1', 1, 5) === 'FLAC') return [1 + packet.readUInt16BE(7), packet.readUIntBE(27, 3) >> 4];
  throw new Error('neither Opus nor Vorbis nor FLAC');
}
