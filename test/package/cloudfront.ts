import { expect, test } from 'vitest';
import type { Template } from './packaged.ts';

interface Behaviour {
  readonly PathPattern?: string;
  readonly TargetOriginId: string;
  readonly Compress: boolean;
}

/** What CloudFront is told. */
export function cloudFrontTests(template: () => Template): void {
  const properties = (name: string) => template().Resources[name]?.Properties as Record<string, unknown>;
  const config = () => properties('Distribution')['DistributionConfig'] as Record<string, unknown>;
  const behaviours = () => [
    ...(config()['CacheBehaviors'] as Behaviour[]),
    config()['DefaultCacheBehavior'] as Behaviour,
  ];

  test('CloudFront signs what it sends to the functions, always', () => {
    expect(properties('OriginAccess')['OriginAccessControlConfig']).toMatchObject({
      OriginAccessControlOriginType: 'lambda',
      SigningBehavior: 'always',
      SigningProtocol: 'sigv4',
    });
  });

  test('its origins are the function URLs, by name', () => {
    const origin = (id: string, name: string) => ({
      Id: id,
      DomainName: {
        'Fn::Select': [2, { 'Fn::Split': ['/', { 'Fn::GetAtt': [`${name}LambdaFunctionUrl`, 'FunctionUrl'] }] }],
      },
      OriginAccessControlId: { 'Fn::GetAtt': ['OriginAccess', 'Id'] },
      CustomOriginConfig: {
        OriginProtocolPolicy: 'https-only',
        OriginSSLProtocols: ['TLSv1.2'],
        OriginReadTimeout: 60,
        OriginKeepaliveTimeout: 60,
      },
    });
    expect(config()['Origins']).toEqual([
      origin('file', 'File'),
      origin('ranges', 'Ranges'),
      origin('raw', 'Raw'),
      origin('raw-ranges', 'RawDashranges'),
      origin('hls', 'Hls'),
      origin('hls-whole', 'HlsDashwhole'),
      origin('hls-live', 'HlsDashlive'),
      origin('live', 'Live'),
      origin('feed', 'Feed'),
      origin('embed', 'Embed'),
      origin('player', 'Player'),
    ]);
  });

  test('it speaks HTTP/2 and HTTP/3, and IPv6', () => {
    expect(config()).toMatchObject({ Enabled: true, HttpVersion: 'http2and3', IPV6Enabled: true });
  });

  test('paths lead to their functions; media is never compressed', () => {
    expect(
      behaviours().map(({ PathPattern, TargetOriginId, Compress }) => [PathPattern, TargetOriginId, Compress]),
    ).toEqual([
      ['/file/*', 'file', false],
      ['/raw/*', 'raw', false],
      ['/hls/*', 'hls', true],
      ['/live/*', 'live', false],
      ['/feed/*', 'feed', true],
      ['/embed/*', 'embed', true],
      ['/player/*', 'player', true],
      [undefined, 'embed', false],
    ]);
  });

  test('every behaviour checks the link first, takes reads alone, over https, and forwards all but Host', () => {
    for (const behaviour of behaviours()) {
      expect(behaviour).toMatchObject({
        ViewerProtocolPolicy: 'redirect-to-https',
        AllowedMethods: ['GET', 'HEAD', 'OPTIONS'],
        CachedMethods: ['GET', 'HEAD'],
        OriginRequestPolicyId: 'b689b0a8-53d0-40ab-baf2-68738e2966ac',
        FunctionAssociations: [
          {
            EventType: 'viewer-request',
            FunctionARN: { 'Fn::GetAtt': ['ViewerRequest', 'FunctionMetadata.FunctionARN'] },
          },
        ],
      });
    }
  });

  test.each([
    ['MediaCache', false, 'none'],
    ['TextCache', true, 'none'],
    ['PageCache', true, 'all'],
  ])('%s keeps by path (compressed: %s, queries: %s), as long as the response says', (name, compressed, queries) => {
    expect(properties(name)['CachePolicyConfig']).toMatchObject({
      MinTTL: 0,
      DefaultTTL: 0,
      MaxTTL: 31_536_000,
      ParametersInCacheKeyAndForwardedToOrigin: {
        CookiesConfig: { CookieBehavior: 'none' },
        HeadersConfig: { HeaderBehavior: 'none' },
        QueryStringsConfig: { QueryStringBehavior: queries },
        EnableAcceptEncodingGzip: compressed,
        EnableAcceptEncodingBrotli: compressed,
      },
    });
  });

  test('files have the policy without compression, texts one with, and of channels nothing is kept', () => {
    expect(behaviours().map((behaviour) => (behaviour as unknown as Record<string, unknown>)['CachePolicyId'])).toEqual(
      [
        ...['MediaCache', 'MediaCache', 'PageCache'].map((Ref) => ({ Ref })),
        '4135ea2d-6df8-44a3-9df3-4b5a84be39ad', // Managed-CachingDisabled
        ...['TextCache', 'PageCache', 'TextCache', 'TextCache'].map((Ref) => ({ Ref })),
      ],
    );
  });

  test('failures of the moment are not kept', () => {
    const codes = [500, 502, 503, 504];
    expect(config()['CustomErrorResponses']).toEqual(codes.map((ErrorCode) => ({ ErrorCode, ErrorCachingMinTTL: 0 })));
  });

  test('the function at the edge has the one store of keys', () => {
    expect(properties('ViewerRequest')).toMatchObject({
      AutoPublish: true,
      FunctionConfig: {
        Runtime: 'cloudfront-js-2.0',
        KeyValueStoreAssociations: [{ KeyValueStoreARN: { 'Fn::GetAtt': ['EdgeKeys', 'Arn'] } }],
      },
    });
    expect(template().Resources['EdgeKeys']?.Type).toBe('AWS::CloudFront::KeyValueStore');
  });
}
