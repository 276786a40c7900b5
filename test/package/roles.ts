import { expect, test } from 'vitest';
import type { Template } from './packaged.ts';

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
}

interface Role {
  readonly AssumeRolePolicyDocument: unknown;
  readonly ManagedPolicyArns?: unknown;
  readonly Policies: { readonly PolicyDocument: { readonly Statement: readonly Statement[] } }[];
}

/** Who may do what; `template` was made for source buckets `a` and `b/c`. */
export function roleTests(template: () => Template): void {
  const WITH_STORE = ['File', 'Ranges', 'Raw', 'RawRanges', 'Hls', 'HlsWhole', 'HlsLive', 'Live', 'Feed', 'Embed'];
  const NAMES = [...WITH_STORE, 'Player', 'Ingest', 'Keys'];
  /** As osls makes logical ids. */
  const idOf = (name: string) => name.replace(/(?<=.)[A-Z]/, (letter) => `Dash${letter.toLowerCase()}`);
  const role = (name: string) => template().Resources[`${name}Role`]?.Properties as Role;
  /** What a role may do, by what it may do it to. */
  const rights = (name: string) =>
    role(name).Policies.flatMap(({ PolicyDocument }) =>
      PolicyDocument.Statement.map(({ Effect, Action, Resource }) => [Effect, [Action].flat(), Resource]),
    );
  const logs = (name: string) => [
    'Allow',
    ['logs:CreateLogStream', 'logs:PutLogEvents'],
    {
      'Fn::Sub': `arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws/lambda/baton-prod-${name}:*`,
    },
  ];

  test.each(NAMES)('%s has a role of its own, for Lambda alone', (name) => {
    expect(template().Resources[`${idOf(name)}LambdaFunction`]?.Properties).toMatchObject({
      Role: { 'Fn::GetAtt': [`${name}Role`, 'Arn'] },
    });
    expect(role(name).ManagedPolicyArns).toBeUndefined();
    expect(role(name).AssumeRolePolicyDocument).toEqual({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
    });
  });

  test.each(WITH_STORE)('%s may log, use the store and read the keys', (name) => {
    expect(rights(name)).toEqual([
      logs(idOf(name).replace('Dash', '-').toLowerCase()),
      ['Allow', ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], { 'Fn::Sub': '${StoreBucket.Arn}/store/*' }],
      ['Allow', ['s3:ListBucket'], { 'Fn::GetAtt': ['StoreBucket', 'Arn'] }],
      ['Allow', ['secretsmanager:GetSecretValue'], { Ref: 'SigningKeys' }],
    ]);
  });

  test('Player may log and read the keys, and nothing else', () => {
    expect(rights('Player')).toEqual([
      logs('player'),
      ['Allow', ['secretsmanager:GetSecretValue'], { Ref: 'SigningKeys' }],
    ]);
  });

  test('Ingest may log, use the store, read the keys, and answer publishers of its own API', () => {
    const connections = (method: string) =>
      `arn:\${AWS::Partition}:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${WebsocketsApi}/prod/${method}/@connections/*`;
    expect(rights('Ingest')).toEqual([
      logs('ingest'),
      ['Allow', ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'], { 'Fn::Sub': '${StoreBucket.Arn}/store/*' }],
      ['Allow', ['s3:ListBucket'], { 'Fn::GetAtt': ['StoreBucket', 'Arn'] }],
      ['Allow', ['secretsmanager:GetSecretValue'], { Ref: 'SigningKeys' }],
      [
        'Allow',
        ['execute-api:ManageConnections'],
        ['POST', 'DELETE'].map((method) => ({ 'Fn::Sub': connections(method) })),
      ],
    ]);
  });

  test('Keys may log, read and write the one secret, and write the one store of keys', () => {
    expect(rights('Keys')).toEqual([
      logs('keys'),
      ['Allow', ['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'], { Ref: 'SigningKeys' }],
      [
        'Allow',
        ['DescribeKeyValueStore', 'ListKeys', 'UpdateKeys'].map((action) => `cloudfront-keyvaluestore:${action}`),
        { 'Fn::GetAtt': ['EdgeKeys', 'Arn'] },
      ],
    ]);
  });

  test('there are no other roles, and no policy that allows everything', () => {
    const roles = Object.entries(template().Resources).filter(([, { Type }]) => Type === 'AWS::IAM::Role');
    expect(roles.map(([name]) => name)).toEqual(NAMES.map((name) => `${name}Role`));
    for (const name of NAMES)
      for (const [, actions, resource] of rights(name)) {
        expect(actions).not.toContain('*');
        expect(JSON.stringify(actions)).not.toContain('*');
        expect(resource).not.toBe('*');
      }
  });

  test('buckets of sources are for reading objects only, and only when there are any', () => {
    const policy = template().Resources['SourceBuckets'];
    expect(policy?.Condition).toBe('HasSourceBuckets');
    expect(template().Conditions['HasSourceBuckets']).toEqual({ 'Fn::Not': [{ 'Fn::Equals': ['a,b/c', ''] }] });
    const { Roles, PolicyDocument } = policy?.Properties as {
      Roles: unknown;
      PolicyDocument: { Statement: Statement[] };
    };
    expect(Roles).toEqual(WITH_STORE.map((name) => ({ Ref: `${name}Role` })));
    expect(PolicyDocument.Statement).toHaveLength(1);
    expect(PolicyDocument.Statement[0]).toMatchObject({ Effect: 'Allow', Action: 's3:GetObject' });
    expect(split(PolicyDocument.Statement[0]?.Resource)).toEqual(['arn:aws:s3:::a/*', 'arn:aws:s3:::b/c/*']);
  });
}

/** What CloudFormation makes of nested Split, Sub and Join. */
function split(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const [name, [first, second]] = Object.entries(value)[0] as [string, [string, unknown]];
  if (name === 'Fn::Split') return String(split(second)).split(first);
  if (name === 'Fn::Join') return (split(second) as string[]).join(first);
  const [variable, text] = Object.entries(second as object)[0] as [string, unknown];
  return first.replace(`\${${variable}}`, String(split(text)));
}
