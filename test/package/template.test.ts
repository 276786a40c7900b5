import { beforeAll, afterAll, expect, test } from 'vitest';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { artefactTests } from './artefact.ts';
import { cloudFrontTests } from './cloudfront.ts';
import { arm64Service, builtService, slsPackage, type Resource, type Service, type Template } from './packaged.ts';
import { playTests } from './plays.ts';
import { roleTests } from './roles.ts';

let service: Service;
let template: Template;
let arm: Template;

beforeAll(async () => {
  service = await builtService();
  await using other = await arm64Service(service);
  template = await slsPackage(service.folder, { arch: process.arch });
  arm = await slsPackage(other.folder, {
    fileSeconds: '120',
    fileConcurrency: '7',
    rawConcurrency: '5',
    hlsConcurrency: '3',
    liveSeconds: '600',
    liveConcurrency: '9',
    sourceBuckets: 'a,b/c',
    alarmEmail: 'me@example.com',
    logDays: '3',
    chunkDays: '9',
    liveDays: '2',
    ingestPerSecond: '20',
  });
});
afterAll(() => service[Symbol.asyncDispose]());

const properties = (name: string, from = template) => from.Resources[name]?.Properties as Record<string, never>;
const ofType = (type: string): [string, Resource][] =>
  Object.entries(template.Resources).filter(([, { Type }]) => Type === type);
const arn = (name: string) => ({ 'Fn::GetAtt': [name, 'Arn'] });
/** As osls writes them in logical ids: `raw-ranges` is RawDashranges. */
const WITH_URL = [
  'File',
  'Ranges',
  'Raw',
  'RawDashranges',
  'Hls',
  'HlsDashwhole',
  'HlsDashlive',
  'Live',
  'Feed',
  'Embed',
  'Player',
] as const;
const NAMES = [...WITH_URL, 'Ingest', 'Keys'] as const;

cloudFrontTests(() => template);
roleTests(() => arm);
artefactTests(() => service);
playTests(() => service);

test.each([
  ['File', 'dist/lambda/file.handler', 3538, 300],
  ['Ranges', 'dist/lambda/file.buffered', 3538, 30],
  ['Raw', 'dist/lambda/raw.handler', 512, 300],
  ['RawDashranges', 'dist/lambda/raw.buffered', 512, 30],
  ['Hls', 'dist/lambda/hls.handler', 3538, 60],
  ['HlsDashwhole', 'dist/lambda/hls.buffered', 3538, 30],
  ['HlsDashlive', 'dist/lambda/hls.buffered', 512, 30],
  ['Live', 'dist/lambda/live.handler', 512, 900],
  ['Feed', 'dist/lambda/feed.handler', 1769, 60],
  ['Embed', 'dist/lambda/embed.handler', 1024, 60],
  ['Player', 'dist/lambda/embed.buffered', 512, 20],
  ['Ingest', 'dist/lambda/ingest.handler', 512, 20],
  ['Keys', 'dist/lambda/keys.handler', 256, 60],
])('function %s runs %s with %d MB for at most %d s', (name, Handler, MemorySize, Timeout) => {
  const architecture = { x64: 'x86_64', arm64: 'arm64' }[process.arch as 'x64'];
  expect(properties(`${name}LambdaFunction`)).toMatchObject({
    Handler,
    MemorySize,
    Timeout,
    Runtime: 'nodejs24.x',
    Architectures: [architecture],
  });
});

test('arm64 is the default, and no package of another processor can be made', async () => {
  for (const name of NAMES)
    expect(properties(`${name}LambdaFunction`, arm)).toMatchObject({ Architectures: ['arm64'] });
  const wrong = process.arch === 'x64' ? 'arm64' : 'x64';
  await expect(slsPackage(service.folder, { arch: wrong })).rejects.toThrow(
    /Cannot resolve variable at "provider.architecture"/,
  );
});

test('what may be large or late streams, what needs a length is buffered, for signed calls only; keys has no URL', () => {
  const urls = Object.fromEntries(
    ofType('AWS::Lambda::Url').map(([name, { Properties }]) => [
      name,
      withoutTarget(Properties as Record<string, unknown>),
    ]),
  );
  // A URL without a mode is buffered.
  expect(urls).toEqual({
    FileLambdaFunctionUrl: { AuthType: 'AWS_IAM', InvokeMode: 'RESPONSE_STREAM' },
    RangesLambdaFunctionUrl: { AuthType: 'AWS_IAM' },
    RawLambdaFunctionUrl: { AuthType: 'AWS_IAM', InvokeMode: 'RESPONSE_STREAM' },
    RawDashrangesLambdaFunctionUrl: { AuthType: 'AWS_IAM' },
    HlsLambdaFunctionUrl: { AuthType: 'AWS_IAM', InvokeMode: 'RESPONSE_STREAM' },
    HlsDashwholeLambdaFunctionUrl: { AuthType: 'AWS_IAM' },
    HlsDashliveLambdaFunctionUrl: { AuthType: 'AWS_IAM' },
    LiveLambdaFunctionUrl: { AuthType: 'AWS_IAM', InvokeMode: 'RESPONSE_STREAM' },
    FeedLambdaFunctionUrl: { AuthType: 'AWS_IAM', InvokeMode: 'RESPONSE_STREAM' },
    EmbedLambdaFunctionUrl: { AuthType: 'AWS_IAM', InvokeMode: 'RESPONSE_STREAM' },
    PlayerLambdaFunctionUrl: { AuthType: 'AWS_IAM' },
  });
});

test('CloudFront has both permissions for each function with a URL, the WebSocket API that for its own, and nobody has any other', () => {
  const SourceArn = { 'Fn::Sub': 'arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${Distribution}' };
  const common = { Principal: 'cloudfront.amazonaws.com', SourceArn };
  const expected = WITH_URL.flatMap((name) => {
    const FunctionName = arn(`${name}LambdaFunction`);
    return [
      { ...common, FunctionName, Action: 'lambda:InvokeFunctionUrl', FunctionUrlAuthType: 'AWS_IAM' },
      { ...common, FunctionName, Action: 'lambda:InvokeFunction', InvokedViaFunctionUrl: true },
    ];
  });
  const permissions = ofType('AWS::Lambda::Permission').map(([, { Properties }]) => Properties as object);
  expect(permissions).toHaveLength(expected.length + 1);
  expect(permissions).toEqual(
    expect.arrayContaining([
      ...expected,
      {
        ...{ FunctionName: arn('IngestLambdaFunction'), Action: 'lambda:InvokeFunction' },
        Principal: 'apigateway.amazonaws.com',
        SourceArn: {
          'Fn::Sub': 'arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${WebsocketsApi}/*',
        },
      },
    ]),
  );
});

test('the environment of the functions that play', () => {
  for (const name of WITH_URL.filter((each) => each !== 'Player')) {
    expect(properties(`${name}LambdaFunction`)['Environment']).toEqual({
      Variables: {
        BATON_STORE: { 'Fn::Sub': 's3://${StoreBucket}/store' },
        BATON_SOURCE_BUCKETS: '',
        BATON_KEYS_SECRET: { Ref: 'SigningKeys' },
        BATON_TRUST_EDGE: '1',
      },
    });
  }
  expect(properties('PlayerLambdaFunction')['Environment']).toEqual({
    Variables: { BATON_KEYS_SECRET: { Ref: 'SigningKeys' } },
  });
  expect(properties('FileLambdaFunction', arm)['Environment']).toMatchObject({
    Variables: { BATON_SOURCE_BUCKETS: 'a,b/c' },
  });
  expect(properties('IngestLambdaFunction')['Environment']).toEqual({
    Variables: {
      BATON_STORE: { 'Fn::Sub': 's3://${StoreBucket}/store' },
      BATON_KEYS_SECRET: { Ref: 'SigningKeys' },
      BATON_PUBLIC_ORIGIN: { 'Fn::Sub': 'https://${Distribution.DomainName}' },
      BATON_INGEST_ORIGINS: '',
      AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: {
        'Fn::Sub': 'https://${WebsocketsApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/prod',
      },
    },
  });
  expect(properties('KeysLambdaFunction')['Environment']).toEqual({
    Variables: { BATON_KEYS_SECRET: { Ref: 'SigningKeys' }, BATON_KEY_VALUE_STORE: arn('EdgeKeys') },
  });
});

test('time, concurrency and log retention are parameters; nothing is reserved unless asked for', () => {
  expect(properties('FileLambdaFunction', arm)).toMatchObject({ Timeout: 120 });
  expect(properties('LiveLambdaFunction', arm)).toMatchObject({ Timeout: 600 });
  for (const name of ['File', 'Ranges'])
    expect(properties(`${name}LambdaFunction`, arm)['ReservedConcurrentExecutions']).toEqual({
      'Fn::If': ['HasConcurrency', '7', { Ref: 'AWS::NoValue' }],
    });
  for (const name of ['Raw', 'RawDashranges'])
    expect(properties(`${name}LambdaFunction`, arm)['ReservedConcurrentExecutions']).toEqual({
      'Fn::If': ['HasRawConcurrency', '5', { Ref: 'AWS::NoValue' }],
    });
  for (const name of ['Hls', 'HlsDashwhole'])
    expect(properties(`${name}LambdaFunction`, arm)['ReservedConcurrentExecutions']).toEqual({
      'Fn::If': ['HasHlsConcurrency', '3', { Ref: 'AWS::NoValue' }],
    });
  for (const name of ['HlsDashlive', 'Live'])
    expect(properties(`${name}LambdaFunction`, arm)['ReservedConcurrentExecutions']).toEqual({
      'Fn::If': ['HasLiveConcurrency', '9', { Ref: 'AWS::NoValue' }],
    });
  for (const name of ['Feed', 'Embed', 'Player', 'Ingest', 'Keys'])
    expect(properties(`${name}LambdaFunction`, arm)['ReservedConcurrentExecutions']).toBeUndefined();
  expect(template.Conditions['HasConcurrency']).toEqual({ 'Fn::Not': [{ 'Fn::Equals': ['', ''] }] });
  expect(arm.Conditions['HasConcurrency']).toEqual({ 'Fn::Not': [{ 'Fn::Equals': ['7', ''] }] });
  expect(ofType('AWS::Logs::LogGroup').map(([name]) => name)).toEqual(NAMES.map((name) => `${name}LogGroup`));
  for (const name of NAMES) {
    expect(properties(`${name}LogGroup`)).toMatchObject({ RetentionInDays: 14 });
    expect(properties(`${name}LogGroup`, arm)).toMatchObject({ RetentionInDays: 3 });
    expect(template.Resources[`${name}LambdaFunction`]?.DependsOn).toContain(`${name}LogGroup`);
  }
});

test('everything that has tags is tagged', () => {
  for (const name of NAMES)
    expect(properties(`${name}LambdaFunction`)['Tags']).toEqual([
      { Key: 'project', Value: 'baton' },
      { Key: 'stage', Value: 'prod' },
    ]);
});

test('the bucket is private, encrypted, owned by its owner, and empties itself', () => {
  expect(properties('StoreBucket')).toEqual({
    BucketEncryption: {
      ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
    },
    OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    PublicAccessBlockConfiguration: {
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    },
    LifecycleConfiguration: {
      Rules: [
        { Id: 'channels', Status: 'Enabled', Prefix: 'store/chunk/live/', ExpirationInDays: 1 },
        { Id: 'chunks', Status: 'Enabled', Prefix: 'store/chunk/', ExpirationInDays: 14 },
        { Id: 'spools', Status: 'Enabled', Prefix: 'store/spool/', ExpirationInDays: 14 },
        ...[
          ['probes', 'probe', 90],
          ['indexes', 'index', 90],
          ['lengths', 'feed', 90],
          ['heads', 'live', 90],
          ['connections', 'publisher', 1],
          ['messages', 'inbox', 1],
        ].map(([Id, folder, ExpirationInDays]) => ({
          ...{ Id, Status: 'Enabled', Prefix: `store/${folder ?? ''}/`, ExpirationInDays },
        })),
        { Id: 'everything', Status: 'Enabled', Prefix: 'store/', ExpirationInDays: 365 },
        { Id: 'uploads', Status: 'Enabled', AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } },
      ],
    },
  });
  expect(template.Resources['StoreBucket']?.DeletionPolicy).toBe('Retain');
  expect(JSON.stringify(properties('StoreBucket', arm))).toContain('"Prefix":"store/chunk/","ExpirationInDays":"9"');
  expect(JSON.stringify(properties('StoreBucket', arm))).toContain(
    '"Prefix":"store/chunk/live/","ExpirationInDays":"2"',
  );
  expect(JSON.stringify(properties('StoreBucketPolicy'))).toContain('"aws:SecureTransport":"false"');
});

test('publishers come in through a WebSocket API, which passes on so many messages a second', () => {
  expect(properties('WebsocketsApi')).toMatchObject({
    ...{ Name: 'baton-prod-ingest', ProtocolType: 'WEBSOCKET', RouteSelectionExpression: '$request.body.action' },
  });
  expect(properties('WebsocketsDeploymentStage')).toMatchObject({
    ...{ StageName: 'prod', DefaultRouteSettings: { ThrottlingRateLimit: 50, ThrottlingBurstLimit: 50 } },
  });
  expect(properties('WebsocketsDeploymentStage', arm)).toMatchObject({
    DefaultRouteSettings: { ThrottlingRateLimit: '20', ThrottlingBurstLimit: '20' },
  });
  expect(
    ofType('AWS::ApiGatewayV2::Route')
      .map(([, { Properties }]) => (Properties as { RouteKey: string }).RouteKey)
      .sort(),
  ).toEqual(['$connect', '$default', '$disconnect']);
  expect(template.Outputs['IngestUrl']?.Value).toEqual({
    'Fn::Sub': 'wss://${WebsocketsApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/prod',
  });
});

test('the signing keys are in a secret that the template does not hold, and a copy goes to CloudFront', () => {
  expect(Object.keys(properties('SigningKeys'))).toEqual(['Description']);
  expect(template.Resources['SigningKeys']?.DeletionPolicy).toBe('Retain');
  expect(template.Resources['KeysInPlace']).toMatchObject({
    Type: 'Custom::SigningKeys',
    Properties: {
      ServiceToken: arn('KeysLambdaFunction'),
      Secret: { Ref: 'SigningKeys' },
      KeyValueStore: arn('EdgeKeys'),
    },
  });
});

test('the budget alarm is there when somebody is to be told', () => {
  expect(template.Resources['Budget']?.Condition).toBe('HasAlarm');
  expect(template.Conditions['HasAlarm']).toEqual({ 'Fn::Not': [{ 'Fn::Equals': ['', ''] }] });
  expect(arm.Conditions['HasAlarm']).toEqual({ 'Fn::Not': [{ 'Fn::Equals': ['me@example.com', ''] }] });
  const { Budget, NotificationsWithSubscribers } = properties('Budget', arm) as unknown as Record<string, unknown>;
  expect(Budget).toMatchObject({ BudgetType: 'COST', TimeUnit: 'MONTHLY', BudgetLimit: { Amount: 10, Unit: 'USD' } });
  const Subscribers = [{ SubscriptionType: 'EMAIL', Address: 'me@example.com' }];
  expect(NotificationsWithSubscribers).toMatchObject([
    { Notification: { NotificationType: 'ACTUAL', Threshold: 80 }, Subscribers },
    { Notification: { NotificationType: 'FORECASTED', Threshold: 100 }, Subscribers },
  ]);
});

test('the outputs say where it is and how to make the first link', () => {
  const value = (name: string) => template.Outputs[name]?.Value;
  expect(value('BaseUrl')).toEqual({ 'Fn::Sub': 'https://${Distribution.DomainName}' });
  expect(value('StoreBucketName')).toEqual({ Ref: 'StoreBucket' });
  expect(value('KeysSecretArn')).toEqual({ Ref: 'SigningKeys' });
  for (const name of WITH_URL)
    expect(value(`${name}LambdaFunctionUrl`)).toEqual({ 'Fn::GetAtt': [`${name}LambdaFunctionUrl`, 'FunctionUrl'] });
  expect(value('FirstLink')).toEqual({
    'Fn::Sub': 'npx baton link <source> --origin https://${Distribution.DomainName} --keys-secret ${SigningKeys}',
  });
});

test('the template carries the code of the edge, and nothing that looks like a key', async () => {
  const code = await readFile(service.built.edgeFile, 'utf8');
  expect(properties('ViewerRequest')['FunctionCode']).toBe(code);
  const state = await readFile(join(service.folder, '.serverless/serverless-state.json'), 'utf8');
  expect(state).not.toMatch(/AKIA|BEGIN [A-Z ]*PRIVATE KEY/);
});

const withoutTarget = ({ TargetFunctionArn, ...others }: Record<string, unknown>): object => {
  expect(TargetFunctionArn).toBeDefined();
  return others;
};
