import { execFile, execFileSync } from 'node:child_process';
import { delimiter } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { variables } from '../../src/config.ts';
import { BATON, runBaton } from './run-baton.ts';

describe('help', () => {
  it('lists the commands and every variable of the environment', async () => {
    const { code, stdout, stderr } = await runBaton(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const name of ['serve', 'link', 'probe', 'doctor', 'keys'])
      expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
    for (const name of Object.keys(variables)) expect(stdout).toContain(name);
  });

  it.each(['serve', 'link', 'probe', 'doctor', 'keys'])('of %s has examples', async (command) => {
    const { code, stdout, stderr } = await runBaton([command, '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`Examples:[^]*baton ${command}`));
  });

  it('is given on stderr, as wrong usage, when nothing is asked for', async () => {
    const { code, stdout, stderr } = await runBaton([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('Usage: baton');
  });
});

describe('wrong usage', () => {
  it.each([
    [['--nonsense'], /Unknown option '--nonsense'\./],
    [['nonsense'], /Unknown command 'nonsense'\./],
    [['link'], /Missing required argument 'url'\./],
    [['link', 'https://a.example/x', '--nonsense'], /Unknown option '--nonsense'\./],
    [['link', 'https://a.example/x', '--origin', 'ftp://a'], /must be an origin/],
    [['serve', '--port', '70000'], /0 to 65535/],
    [['serve', '--demo', '--host', '0.0.0.0'], /127\.0\.0\.1 only/],
    [['keys', 'remove'], /Missing required argument 'id'\./],
  ])('%j is exit code 2 and one sentence', async (args, sentence) => {
    const { code, stdout, stderr } = await runBaton(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(sentence);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('of a variable names it, and is exit code 1', async () => {
    const { code, stderr } = await runBaton(['doctor'], { BATON_ENCODERS: 'many' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/BATON_ENCODERS must be a whole number.*\(CONFIG_INVALID\)/);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe('the launcher', () => {
  const machinePath = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes('node_modules'))
    .join(delimiter);

  it("runs under the machine's own Node, too, and passes the exit code on", async ({ skip }) => {
    const env = { PATH: machinePath };
    try {
      execFileSync('node', ['--version'], { env });
    } catch {
      skip('no Node but ours');
    }
    const { stdout } = await promisify(execFile)(BATON, ['--version'], { env });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    await expect(promisify(execFile)(BATON, ['--nonsense'], { env })).rejects.toMatchObject({ code: 2 });
  });
});
