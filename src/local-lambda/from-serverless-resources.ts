/** Resources of a CloudFormation template by logical id. */
export type Resources = Readonly<Record<string, Resource>>;

export interface Resource {
  readonly Type?: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}

/** The resource that a `Ref` or `Fn::GetAtt` names, or null. */
export function referred(value: unknown, resources: Resources): Resource | null {
  if (!isObject(value)) return null;
  const { Ref: ref, 'Fn::GetAtt': attribute } = value;
  const named = typeof attribute === 'string' ? attribute.split('.') : list(attribute);
  const id = typeof ref === 'string' ? ref : named[0];
  return typeof id === 'string' ? (resources[id] ?? null) : null;
}

/** The function whose URL a value is made from, such as the domain name of an origin. */
export function urlFunction(value: unknown, names: readonly string[]): string | null {
  const text = JSON.stringify(value);
  return names.find((name) => new RegExp(`\\b${logicalName(name)}LambdaFunctionUrl\\b`).test(text)) ?? null;
}

/** As osls names what it makes for a function. */
const logicalName = (name: string): string =>
  (name.charAt(0).toUpperCase() + name.slice(1)).replaceAll('-', 'Dash').replaceAll('_', 'Underscore');

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
