import { setPriority } from 'node:os';

/** The sound that a page plays is heard in real time: what it is tested with comes after it. Chromium has its own processes keep theirs, where it may. */
setPriority(10);
