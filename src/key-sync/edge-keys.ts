import '@smithy/signature-v4a'; // the calls of a KeyValueStore are signed for all regions, which the SDK alone cannot do
import {
  DescribeKeyValueStoreCommand,
  paginateListKeys,
  UpdateKeysCommand,
  type CloudFrontKeyValueStoreClient,
  type UpdateKeysCommandInput,
} from '@aws-sdk/client-cloudfront-keyvaluestore';
import type { Keys } from '../sign/keys.ts';
import { awsErrorName, awsFailure } from './aws-failure.ts';

/** The copy of the signing keys that CloudFront Functions read: key id to secret in base64url. */
export interface EdgeKeys {
  /** Makes the copy equal to `keys`; writes only what differs. Throws STORE_FAILED. */
  replace(keys: Keys, signal: AbortSignal): Promise<void>;
}

/** Somebody else writes to the same store at most now and then. */
const ATTEMPTS = 5;
/** CloudFront takes at most 50 keys in one call; nobody has that many signing keys, but somebody may have put others. */
const KEYS_PER_CALL = 50;

/** The CloudFront KeyValueStore `arn`. It propagates to all edges within seconds. */
export function edgeKeys(client: CloudFrontKeyValueStoreClient, arn: string): EdgeKeys {
  return {
    replace: async (keys, signal) => {
      for (let attempt = 1; ; attempt++) {
        try {
          while ((await step(client, arn, keys, signal)) === 'more');
          return;
        } catch (thrown) {
          signal.throwIfAborted();
          if (awsErrorName(thrown) !== 'ConflictException' || attempt === ATTEMPTS)
            throw awsFailure('KeyValueStore', thrown);
        }
      }
    },
  };
}

/** One conditional write. It is refused with a ConflictException when anything was written since the store was read. */
async function step(
  client: CloudFrontKeyValueStoreClient,
  KvsARN: string,
  keys: Keys,
  abortSignal: AbortSignal,
): Promise<'done' | 'more'> {
  const { ETag: IfMatch } = await client.send(new DescribeKeyValueStoreCommand({ KvsARN }), { abortSignal });
  const there = new Map<string, string>();
  for await (const { Items = [] } of paginateListKeys({ client }, { KvsARN }, { abortSignal }))
    for (const { Key, Value } of Items) if (Key !== undefined) there.set(Key, Value ?? '');
  const { Puts, Deletes } = difference(there, wanted(keys));
  if (Puts.length + Deletes.length === 0) return 'done';
  // New keys first: that a link works again matters more than that one stops.
  const puts = Puts.slice(0, KEYS_PER_CALL);
  const deletes = Deletes.slice(0, KEYS_PER_CALL - puts.length);
  await client.send(new UpdateKeysCommand({ KvsARN, IfMatch, Puts: puts, Deletes: deletes }), { abortSignal });
  return puts.length + deletes.length === Puts.length + Deletes.length ? 'done' : 'more';
}

const wanted = ({ byId }: Keys): ReadonlyMap<string, string> =>
  new Map([...byId].map(([kid, secret]) => [kid, Buffer.from(secret).toString('base64url')]));

type Changes = Required<Pick<UpdateKeysCommandInput, 'Puts' | 'Deletes'>>;

function difference(there: ReadonlyMap<string, string>, wanted: ReadonlyMap<string, string>) {
  return {
    Puts: [...wanted].filter(([key, value]) => there.get(key) !== value).map(([Key, Value]) => ({ Key, Value })),
    Deletes: [...there.keys()].filter((key) => !wanted.has(key)).map((Key) => ({ Key })),
  } satisfies Changes;
}
