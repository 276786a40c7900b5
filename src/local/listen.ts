import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Lets `server` listen on `host` and `port` (0: any free one); gives the port. Rejects with the system's error. */
export async function listen(server: Server, host: string, port: number): Promise<number> {
  const listening = Promise.withResolvers<undefined>();
  server.once('error', listening.reject);
  server.listen(port, host, () => {
    listening.resolve(undefined);
  });
  await listening.promise;
  server.off('error', listening.reject);
  return (server.address() as AddressInfo).port;
}
