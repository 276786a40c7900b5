import { readFileSync } from 'node:fs';

// Loaded before a function: its time of day is what a test wrote into a file.
const file = process.env['TEST_CLOCK'] ?? '';
Date.now = () => Number(readFileSync(file, 'utf8'));
