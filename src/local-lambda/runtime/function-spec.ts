/** One function as it would be deployed: what the service knows of it before anything runs. */
export interface FunctionSpec {
  readonly name: string;
  /** The folder with the code: LAMBDA_TASK_ROOT. */
  readonly taskRoot: string;
  /** `file.export`, relative to `taskRoot`, as on AWS. */
  readonly handler: string;
  /** 128..10240. */
  readonly memoryMb: number;
  /** 1..900. */
  readonly timeoutSeconds: number;
  /** The function's own variables; of the parent's environment it sees none. */
  readonly environment: Readonly<Record<string, string>>;
  /** How many environments may live at once; beyond it an invocation is refused with TooManyRequestsException. */
  readonly maxEnvironments: number;
}
