import type { Behaviour, CacheTtl, CloudFrontSpec } from './cloudfront/spec.ts';
import { isObject, list, referred, urlFunction, type Resources } from './from-serverless-resources.ts';

/** The distribution among the resources of a template, as far as its origins are URLs of `names`; null when there is none. */
export function cloudFrontOf(
  resources: Resources,
  names: readonly string[],
  keyValues: Readonly<Record<string, string>>,
): CloudFrontSpec | null {
  const found = Object.values(resources).find(({ Type }) => Type === 'AWS::CloudFront::Distribution');
  const config = found?.Properties?.['DistributionConfig'];
  if (!isObject(config)) return null;
  const origins: Record<string, string> = {};
  let readSeconds = 30;
  for (const origin of list(config['Origins']).filter(isObject)) {
    const target = urlFunction(origin['DomainName'] ?? '', names);
    if (target !== null) origins[String(origin['Id'])] = target;
    const own = origin['CustomOriginConfig'];
    if (isObject(own) && typeof own['OriginReadTimeout'] === 'number')
      readSeconds = Math.max(readSeconds, own['OriginReadTimeout']);
  }
  const written = [
    ...list(config['CacheBehaviors']),
    { ...asObject(config['DefaultCacheBehavior']), PathPattern: '*' },
  ];
  const behaviours = written
    .filter(isObject)
    .filter((behaviour) => Object.hasOwn(origins, String(behaviour['TargetOriginId'])))
    .map((behaviour) => behaviourOf(behaviour, resources));
  const errors = list(config['CustomErrorResponses'])
    .filter(isObject)
    .flatMap(({ ErrorCode: code, ErrorCachingMinTTL: seconds }) =>
      seconds === undefined ? [] : [[Number(code), Number(seconds)] as const],
    );
  return {
    behaviours,
    origins,
    keyValues,
    errorSeconds: Object.fromEntries(errors),
    originReadTimeoutMs: readSeconds * 1000,
  };
}

function behaviourOf(behaviour: Readonly<Record<string, unknown>>, resources: Resources): Behaviour {
  const methods = list(behaviour['AllowedMethods']).map(String);
  return {
    pathPattern: String(behaviour['PathPattern']),
    origin: String(behaviour['TargetOriginId']),
    viewerRequest: functionCode(behaviour, resources),
    methods: methods.length > 0 ? methods : ['GET', 'HEAD'],
    ...cachePolicy(behaviour['CachePolicyId'], resources),
    ...originRequestPolicy(behaviour['OriginRequestPolicyId'], resources),
  };
}

function functionCode(behaviour: Readonly<Record<string, unknown>>, resources: Resources): string | null {
  const association = list(behaviour['FunctionAssociations'])
    .filter(isObject)
    .find(({ EventType }) => EventType === 'viewer-request');
  const code = referred(association?.['FunctionARN'], resources)?.Properties?.['FunctionCode'];
  return typeof code === 'string' ? code : null;
}

type Policy = Pick<Behaviour, 'ttl' | 'cacheHeaders' | 'queryStrings'>;

/** Policies that AWS has in every account, by id. */
const CACHE_POLICIES: Readonly<Record<string, Policy>> = {
  '658327ea-f89d-4fab-a63d-7e88639e58f6': { ttl: { min: 1, default: 86_400, max: 31_536_000 }, queryStrings: 'none' },
  'b2884449-e4de-46a7-ac36-70bc7f1ddd6d': { ttl: { min: 1, default: 86_400, max: 31_536_000 }, queryStrings: 'none' },
  '4135ea2d-6df8-44a3-9df3-4b5a84be39ad': { ttl: { min: 0, default: 0, max: 0 }, queryStrings: 'none' },
};

function cachePolicy(value: unknown, resources: Resources): Policy {
  const managed = typeof value === 'string' ? CACHE_POLICIES[value] : undefined;
  if (managed !== undefined) return managed;
  const config = asObject(referred(value, resources)?.Properties?.['CachePolicyConfig']);
  const key = asObject(config['ParametersInCacheKeyAndForwardedToOrigin']);
  const ttl: CacheTtl = {
    min: Number(config['MinTTL'] ?? 0),
    default: Number(config['DefaultTTL'] ?? 86_400),
    max: Number(config['MaxTTL'] ?? 31_536_000),
  };
  return {
    ttl,
    cacheHeaders: list(asObject(key['HeadersConfig'])['Headers']).map(String),
    queryStrings: asObject(key['QueryStringsConfig'])['QueryStringBehavior'] === 'all' ? 'all' : 'none',
  };
}

/** AllViewerExceptHostHeader and AllViewer; a function URL never sees the viewer's Host here. */
const ALL_VIEWER = ['b689b0a8-53d0-40ab-baf2-68738e2966ac', '216adef6-5c7f-47e4-b989-5492eafa07d3'];

function originRequestPolicy(value: unknown, resources: Resources): Pick<Behaviour, 'forwardHeaders' | 'queryStrings'> {
  if (typeof value === 'string' && ALL_VIEWER.includes(value))
    return { forwardHeaders: 'all', queryStrings: 'forward' };
  const config = asObject(referred(value, resources)?.Properties?.['OriginRequestPolicyConfig']);
  const { HeaderBehavior: how, Headers: headers } = asObject(config['HeadersConfig']);
  const isAll = /^all(?:Viewer|Except)/.test(String(how));
  return how === undefined ? {} : { forwardHeaders: isAll ? 'all' : list(headers).map(String) };
}

const asObject = (value: unknown): Readonly<Record<string, unknown>> => (isObject(value) ? value : {});
