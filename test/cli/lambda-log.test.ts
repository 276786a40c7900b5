import { expect, it } from 'vitest';
import { readable } from '../../src/cli/lambda-log.ts';

const line = { functionName: 'file', requestId: '42f46567-88e7-4820-b366-95b033792f2a' };

it('tells a REPORT in words and leaves START and END out', () => {
  const platform = (text: string) => readable({ ...line, kind: 'platform', text });
  expect(platform('START RequestId: 42 Version: $LATEST')).toBeNull();
  expect(platform('END RequestId: 42')).toBeNull();
  const text =
    'REPORT RequestId: 42\tDuration: 9.31 ms\tBilled Duration: 189 ms\tMemory Size: 256 MB\tMax Memory Used: 51 MB\tInit Duration: 178.73 ms\tStreamed: 24 bytes';
  expect(platform(text)).toMatch(
    /^file {8}42f46567 {2}took 9\.31 ms, billed 189 ms, started in 178\.73 ms, streamed 24 bytes, used 51 MB$/,
  );
});

it('takes off what the runtime client puts before what a function says', () => {
  const text = `2026-11-24T01:56:19.286Z\t${line.requestId}\tINFO\thello\tthere`;
  expect(readable({ ...line, kind: 'function', text })).toBe('file        42f46567  INFO hello there');
});
