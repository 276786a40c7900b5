/** What CloudFront's runtime `cloudfront-js-2.0` offers to its functions, as far as Baton uses it. */
declare module 'cloudfront' {
  interface KeyValueStore {
    /** Rejects when there is no such key. */
    get(key: string): Promise<string>;
  }
  const cloudfront: {
    /** The one store that is associated with the function. */
    kvs(): KeyValueStore;
    /** Sends the request to another origin of the distribution. */
    selectRequestOriginById(originId: string): void;
  };
  export default cloudfront;
}
