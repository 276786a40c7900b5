import type { Answer } from './client.ts';
import { fail, note, ok, type Check } from './check.ts';

/** What tells strangers how the deployment is built, or lets them go around it. */
const TELLING: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/\b[a-z0-9]+\.lambda-url\.[a-z0-9-]+\.on\.aws\b/i, 'the address of the function URL'],
  [/\barn:aws/i, 'an ARN'],
  [/\bs3[.-][a-z0-9.-]*amazonaws\.com/i, 'the address of a bucket'],
  [/\/(?:var\/task|var\/runtime|tmp|home|root|opt)\//, 'a path on the server'],
  [/node_modules|\.ts:\d+|\.m?js:\d+/, 'source code'],
  [/\bAKIA[A-Z0-9]{16}\b/, 'an access key'],
];
const NEVER = ['set-cookie', 'x-powered-by', 'x-aspnet-version', 'x-runtime', 'x-debug'];

export const leaks: Check = {
  id: 'leaks',
  title: 'Nothing leaks',
  about: 'both',
  run: async (site) => {
    const unknownPath = `${site.url.origin}/verify-nothing`;
    const answers = [
      ...[await site.head(), await site.ask({ range: '0-1', leaveAfter: 10_000 })],
      ...[await site.ask({ url: unknownPath }), await site.ask({ url: `${site.url.href}x`, leaveAfter: 10_000 })],
    ];
    const found = answers.flatMap(leaksOf)[0];
    if (found !== undefined)
      return fail(
        found,
        'Strangers learn how to attack or to go around the front. Remove it with a response headers policy, or find who adds it.',
      );
    const remapped = answers
      .flatMap(({ headers }) => Object.keys(headers))
      .find((name) => name.startsWith('x-amzn-remapped-'));
    return remapped === undefined
      ? ok(`headers and errors of ${answers.length} answers`)
      : note(`${remapped} tells of a function URL, which does no harm`);
  },
};

function leaksOf({ status, headers, bytes }: Answer): string[] {
  const texts = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const body = status >= 400 ? bytes.toString('utf8', 0, 10_000) : '';
  const versioned = /^server: .*\/\d/i;
  return [
    ...texts.filter((text) => NEVER.includes(text.slice(0, text.indexOf(':'))) || versioned.test(text)),
    ...TELLING.flatMap(([pattern, what]) =>
      texts.some((text) => pattern.test(text)) || pattern.test(body) ? [`${what} in an answer with ${status}`] : [],
    ),
  ];
}
