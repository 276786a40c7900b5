import type { NewLink } from '../local/new-link.ts';
import type { ServerlessSetup } from '../local-lambda/from-serverless.ts';
import type { LocalLambda } from '../local-lambda/local-lambda.ts';
import { columns, styled } from './terminal.ts';

interface BannerFacts {
  readonly local: LocalLambda;
  readonly setup: ServerlessSetup;
  readonly link: NewLink | null;
  /** Folder whose rebuilds are taken up. */
  readonly watched: string | null;
}

/** Where everything is, and what to do with it. */
export function banner({ local, setup, link, watched }: BannerFacts): string {
  const front = local.cloudFrontUrl ?? local.functionUrls.get('file')?.replace(/\/$/, '') ?? null;
  const first = [...local.functions.keys()][0] ?? 'name';
  const urls = setup.functions.flatMap(({ name, url, urlAuth }): [string, string][] => {
    const address = local.functionUrls.get(name);
    if (address === undefined) return [];
    const isClosed = urlAuth === 'AWS_IAM' && local.cloudFrontUrl !== null;
    return [[name, `${address}  ${url ?? ''}${isClosed ? ', for signed requests only' : ''}`]];
  });
  const rows: [string, string][] = [
    ...(local.cloudFrontUrl === null ? [] : [['CloudFront', local.cloudFrontUrl] as [string, string]]),
    ...(local.webSocketUrl === null ? [] : [['WebSocket', local.webSocketUrl] as [string, string]]),
    ['Invoke', `${local.invokeUrl}  Invoke and InvokeWithResponseStream`],
    ...urls,
  ];
  const invoke = `aws lambda invoke --endpoint-url ${local.invokeUrl} --function-name ${first} --cli-binary-format raw-in-base64-out --payload '{}' /dev/stdout`;
  const sdk = `new LambdaClient({ endpoint: '${local.invokeUrl}', region: 'us-east-1', credentials: { accessKeyId: 'x', secretAccessKey: 'x' } })`;
  return [
    `${styled('bold', 'Local Lambda')} is running ${[...local.functions.keys()].join(', ')}`,
    columns(rows, '  '),
    '',
    `  aws cli:  ${invoke}`,
    `  SDK:      ${sdk}   (streams: InvokeWithResponseStreamCommand; the aws cli has no such command)`,
    ...(link === null || front === null ? [] : ['', `  ${styled('cyan', 'Play:')}     ${front}${link.file}`]),
    ...(link === null || local.cloudFrontUrl === null ? [] : [`  Page:     ${local.cloudFrontUrl}${link.embed}`]),
    ...(setup.unresolved.length === 0
      ? []
      : ['', `  Known to a deployment only, and left out: ${setup.unresolved.join(', ')}`]),
    ...(watched === null ? [] : ['', `  Watching ${watched} for rebuilds`]),
    '  Stop:     Ctrl-C',
  ].join('\n');
}
