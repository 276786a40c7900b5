const cleanups = new Set<() => void>();
const cleanUp = (): void => {
  for (const each of cleanups) {
    try {
      each();
    } catch {
      // The others matter all the same, and nobody is left to be told.
    }
  }
};

/**
 * `cleanup` is called should this process exit before the function that is returned is called: environments and
 * compilations lead sessions of their own, and frozen ones would stay for ever. One that throws does not stop the others.
 */
export function atExit(cleanup: () => void): () => void {
  if (cleanups.size === 0) process.once('exit', cleanUp);
  cleanups.add(cleanup);
  return () => {
    cleanups.delete(cleanup);
    if (cleanups.size === 0) process.off('exit', cleanUp);
  };
}
