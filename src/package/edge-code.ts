import { readFile } from 'node:fs/promises';
import { transform } from 'esbuild';
import { BatonError } from '../errors.ts';

const SOURCE = new URL('../edge/viewer-request.ts', import.meta.url);
/** CloudFront takes 10 kB. */
const MAX_BYTES = 10_240;

/**
 * The code of the CloudFront Function for runtime `cloudfront-js-2.0`: ECMAScript 5.1 and the few newer things that
 * runtime knows. Throws INTERNAL when the source uses anything else.
 */
export async function edgeCode(): Promise<string> {
  const { code } = await transform(await readFile(SOURCE, 'utf8'), {
    loader: 'ts',
    format: 'esm',
    target: 'es5',
    supported: { 'const-and-let': true, arrow: true, 'async-await': true, 'template-literal': true },
    charset: 'ascii',
    logLevel: 'silent',
  }).catch((cause: unknown) => {
    throw new BatonError('INTERNAL', `the edge does not know what viewer-request.ts uses: ${String(cause)}`, { cause });
  });
  if (Buffer.byteLength(code) > MAX_BYTES)
    throw new BatonError('INTERNAL', `viewer-request.js has ${code.length} bytes`);
  // osls would take it for a variable of its own.
  if (code.includes('${')) throw new BatonError('INTERNAL', 'viewer-request.ts must do without template literals');
  return code;
}
