const UNITS =
  /^(Seconds|Microseconds|Milliseconds|((Kilo|Mega|Giga|Tera)?(b|B)(ytes|its)|Count)(\/Second)?|Percent|None)$/i;
const [YEAR_2020, YEAR_2100] = [Date.UTC(2020), Date.UTC(2100)];

type Members = Readonly<Record<string, unknown>>;

/**
 * What of a document CloudWatch would not read: the rules of "Specification: Embedded metric format" in the CloudWatch
 * user guide, its JSON schema and its prose (metric targets are numbers or up to 100 of them, dimension targets texts).
 */
export function emfFaults(document: unknown): string[] {
  if (!isObject(document) || !isObject(document['_aws'])) return ['no _aws object'];
  const { Timestamp, CloudWatchMetrics } = document['_aws'];
  const faults: string[] = [];
  const isTime = Number.isInteger(Timestamp) && Number(Timestamp) > YEAR_2020 && Number(Timestamp) < YEAR_2100;
  if (!isTime) faults.push('Timestamp is not in milliseconds');
  if (!Array.isArray(CloudWatchMetrics)) return [...faults, 'CloudWatchMetrics is no array'];
  if (JSON.stringify(document).length > 256 * 1024) faults.push('larger than 256 kB');
  return [...faults, ...CloudWatchMetrics.flatMap((directive) => directiveFaults(directive as Members, document))];
}

function directiveFaults({ Namespace, Dimensions, Metrics }: Members, document: Members): string[] {
  if (!Array.isArray(Dimensions) || !Array.isArray(Metrics)) return ['a directive without Dimensions or Metrics'];
  const faults: string[] = [];
  if (!isName(Namespace, 255)) faults.push('Namespace');
  if (Dimensions.length < 1) faults.push('no dimension set');
  for (const set of Dimensions as string[][]) {
    if (set.length > 30) faults.push('more than 30 dimensions');
    const bad = set.find((name) => !isName(name, 250) || !isName(document[name], 1024));
    if (bad !== undefined) faults.push(`dimension ${bad}`);
  }
  if (Metrics.length > 100) faults.push('more than 100 metrics');
  const names = (Metrics as { Name: string }[]).map(({ Name }) => Name);
  if (new Set(names).size !== names.length && Metrics.length <= 100) faults.push('a metric twice');
  for (const { Name, Unit } of Metrics as { Name: string; Unit?: unknown }[]) {
    if (!isName(Name, 255)) faults.push('a metric without a name');
    if (Unit !== undefined && !(typeof Unit === 'string' && UNITS.test(Unit))) faults.push(`unit of ${Name}`);
    if (!isMeasured(document[Name])) faults.push(`metric ${Name}`);
  }
  return faults;
}

function isMeasured(value: unknown): boolean {
  if (Array.isArray(value)) return value.length <= 100 && value.every((one) => isMeasured(one) && !Array.isArray(one));
  return typeof value === 'number' && Number.isFinite(value);
}

const isName = (value: unknown, most: number): boolean =>
  typeof value === 'string' && value.length >= 1 && value.length <= most;

const isObject = (value: unknown): value is Members => typeof value === 'object' && value !== null;
