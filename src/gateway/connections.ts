import {
  ApiGatewayManagementApiClient,
  DeleteConnectionCommand,
  GoneException,
  PostToConnectionCommand,
} from '@aws-sdk/client-apigatewaymanagementapi';
import type { Milliseconds } from '../units.ts';

/** The connections of all publishers, whichever function they reached. */
export interface Connections {
  /** False: it is closed, or not open yet. Throws what AWS's SDK throws. */
  post(connectionId: string, text: string): Promise<boolean>;
  close(connectionId: string): Promise<void>;
}

const TIMEOUT_MS: Milliseconds = 3_000;

/** Reached at the endpoint that AWS's SDK finds in `AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI`: the service has none of its own. */
export function connections(client = new ApiGatewayManagementApiClient({ maxAttempts: 3 })): Connections {
  const send = async (command: PostToConnectionCommand | DeleteConnectionCommand): Promise<boolean> => {
    try {
      await client.send(command as PostToConnectionCommand, { abortSignal: AbortSignal.timeout(TIMEOUT_MS) });
      return true;
    } catch (thrown) {
      if (thrown instanceof GoneException) return false;
      throw thrown;
    }
  };
  return {
    post: (ConnectionId, text) => send(new PostToConnectionCommand({ ConnectionId, Data: Buffer.from(text) })),
    close: async (ConnectionId) => void (await send(new DeleteConnectionCommand({ ConnectionId }))),
  };
}
