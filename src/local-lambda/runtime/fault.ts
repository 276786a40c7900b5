import { InvocationError } from './invocation-error.ts';

/** Why an environment could not do, or finish, its work. */
export type Fault =
  | { readonly kind: 'exit'; readonly ending: string }
  | { readonly kind: 'memory' }
  | { readonly kind: 'time' }
  /** The response broke off although the runtime lives. */
  | { readonly kind: 'cut' }
  /** What the runtime said when it could not load the function. */
  | { readonly kind: 'init'; readonly error: InvocationError };

/** The error of the invocation that the fault ends, worded as the service does. */
export function faultError(fault: Fault, requestId: string, timeoutSeconds: number): InvocationError {
  switch (fault.kind) {
    case 'exit':
      return new InvocationError('Runtime.ExitError', `RequestId: ${requestId} Error: ${fault.ending}`);
    case 'memory':
      return new InvocationError(
        'Runtime.OutOfMemory',
        `RequestId: ${requestId} Error: Runtime exited with error: signal: killed`,
      );
    case 'time':
      return new InvocationError(
        'Sandbox.Timedout',
        `${new Date().toISOString()} ${requestId} Task timed out after ${timeoutSeconds.toFixed(2)} seconds`,
      );
    case 'cut':
      return new InvocationError('Runtime.TruncatedResponse', `RequestId: ${requestId} Error: Response was cut`);
    case 'init':
      return fault.error;
  }
}
