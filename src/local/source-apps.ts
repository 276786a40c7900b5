import { BatonError, toBatonError } from '../errors.ts';
import type { Publishing } from '../ingest/publishing.ts';
import { splitTitle } from '../media/icy-title.ts';
import { decodeText } from '../media/legacy-text.ts';
import { errorReply } from '../relay/app.ts';
import type { App, Reply, Request } from '../relay/reply.ts';
import { channelIn, sourceToken } from './source-request.ts';
import { publishSource } from './source-stream.ts';

/** Answers `PUT /ingest/<channel>` of a client that sends chunks or a length, such as curl. */
export const putSource = (publishing: Publishing): App =>
  answering(async ({ method, path, headers, body }) => {
    if (method !== 'PUT') throw new BatonError('METHOD_NOT_ALLOWED', method);
    const publication = await publishSource(publishing, path, headers, new Date());
    await publication.send(body);
    return { status: 200, headers: { 'cache-control': 'no-store' }, body: Buffer.alloc(0) };
  });

/**
 * Answers `GET /admin/metadata?mode=updinfo&mount=/ingest/<channel>&song=…`, by which studio software tells what is on;
 * mounts are below `basePath`, which this address never is.
 */
export const updateMetadata = (publishing: Publishing, basePath: string): App =>
  answering(({ path, headers }) => {
    const [, query] = /^\/admin\/metadata\?(.*)$/s.exec(path) ?? [];
    if (query === undefined) throw new BatonError('NOT_FOUND');
    const fields = fieldsOf(query);
    if (fields.get('mode') !== 'updinfo') throw new BatonError('INGEST_INVALID', 'mode is not updinfo');
    const { title, artist = '' } = splitTitle(fields.get('song') ?? fields.get('title') ?? '');
    const said = fields.get('artist') ?? artist;
    publishing.entitle(
      channelIn((fields.get('mount') ?? '').slice(basePath.length)),
      sourceToken(headers),
      title,
      said,
    );
    return Promise.resolve({ status: 200, headers: { 'content-type': 'text/xml; charset=utf-8' }, body: UPDATED });
  });

/** Whether a request is for `updateMetadata`, and about one of its mounts. */
export function isMetadataUpdate(target: string, basePath: string): boolean {
  const [, query] = /^\/admin\/metadata\?(.*)$/s.exec(target) ?? [];
  return query !== undefined && fieldsOf(query).get('mount')?.startsWith(`${basePath}/ingest/`) === true;
}

const UPDATED = Buffer.from(
  '<?xml version="1.0"?>\n<iceresponse><message>Metadata update successful</message><return>1</return></iceresponse>\n',
);

const answering =
  (answer: (request: Request) => Promise<Reply>): App =>
  async (request) => {
    try {
      return await answer(request);
    } catch (thrown) {
      const error = toBatonError(thrown);
      const isLogin = error.code === 'PUBLISHER_REFUSED' && request.headers['authorization'] === undefined;
      if (!isLogin) return errorReply(error);
      return { ...errorReply(error, { 'www-authenticate': 'Basic realm="Baton"' }), status: 401 };
    }
  };

/** Percent-encoded in whichever charset. */
function fieldsOf(query: string): Map<string, string> {
  return new Map(
    query.split('&').map((pair) => {
      const at = pair.indexOf('=');
      return at < 0 ? [decoded(pair), ''] : [decoded(pair.slice(0, at)), decoded(pair.slice(at + 1))];
    }),
  );
}

function decoded(text: string): string {
  const bytes = text
    .replaceAll('+', ' ')
    .replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return decodeText(Buffer.from(bytes, 'latin1'));
}
