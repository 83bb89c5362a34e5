// SPDX-License-Identifier: Apache-2.0
/** The command `enclave-vault`. Exit codes: 0 done, 1 it failed or found something, 2 the command's words are off; `canary`, `import` and `export` have more. */
import { join } from 'node:path';
import { AdminError, UsageError } from './errors.ts';
import { USAGE, usageOf } from './usage.ts';

const ROOT = join(import.meta.dirname, '../../..');

// Loaded on demand: `dev` must not wait for what `audit` needs.
const COMMANDS: Readonly<Record<string, (args: readonly string[]) => Promise<number>>> = {
  dev: async (args) => (await import('./commands/dev.ts')).dev(args, ROOT),
  keys: async (args) => (await import('./commands/keys.ts')).keys(args),
  tenants: async (args) => (await import('./commands/tenants.ts')).tenants(args),
  audit: async (args) => (await import('./commands/audit.ts')).audit(args, ROOT),
  backup: async (args) => (await import('./commands/backup.ts')).backup(args),
  'channel-roots': async (args) => (await import('./commands/channel-roots.ts')).channelRoots(args),
  canary: async (args) => (await import('./commands/canary.ts')).canary(args),
  doctor: async (args) => (await import('./commands/doctor.ts')).doctor(args),
  import: async (args) => (await import('./commands/import.ts')).bulkImport(args),
  export: async (args) => (await import('./commands/export.ts')).bulkExport(args),
  'import-sample': async (args) => (await import('./commands/import-sample.ts')).importSample(args),
  'threat-model': async (args) => (await import('./commands/threat-model.ts')).threatModel(args, ROOT),
  measure: async (args) => (await import('./commands/measure.ts')).measure(args),
  help: async () => {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  },
};

async function main([name = 'help', ...args]: readonly string[]): Promise<number> {
  const command =
    name === '--help' || name === '-h'
      ? COMMANDS.help
      : Object.hasOwn(COMMANDS, name)
        ? COMMANDS[name]
        : undefined;
  if (!command) {
    const names = Object.keys(COMMANDS).join(', ');
    throw new UsageError(`there is no command ${name}; there are ${names}`);
  }
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(`${usageOf(name)}\n`);
    return 0;
  }
  return command(args);
}

const words = process.argv.slice(2);
// Whoever read this is gone (`| head`, a log's reader that ended): an import under way goes on, and the exit code says how it went. A vault ends, as
// there would be nobody left to tell that it runs.
if (words[0] !== 'dev')
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
try {
  process.exitCode = await main(words);
} catch (error) {
  if (error instanceof UsageError) {
    // Of this command alone: what is wrong must not scroll away. Of no command there is the message, which names them.
    const usage = Object.hasOwn(COMMANDS, words[0] ?? '') ? `\n${usageOf(words[0] ?? '')}\n` : '';
    process.stderr.write(`${error.message}\n${usage}`);
    process.exitCode = 2;
  } else if (error instanceof AdminError) {
    process.stderr.write(`enclave-vault: ${error.message}\n`);
    process.exitCode = 1;
  } else if (hasCode(error)) {
    process.stderr.write(`enclave-vault: ${error.code}: ${error.message}${hintOf(error)}\n`);
    process.exitCode = 1;
  } else throw error;
}

/** The SDK's name of an error says little to who has just not signed in. */
function hintOf({ message }: Error): string {
  return message.includes('CredentialsProviderError')
    ? ': there are no AWS credentials here (AWS_PROFILE, AWS_ACCESS_KEY_ID …, or a role)'
    : '';
}

/** An error of one of the vault's packages (store, keys, sink, KMS): its code says all; a stack would say nothing. */
function hasCode(error: unknown): error is Error & { code: string } {
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    /^[a-z][a-z_]*$/.test(error.code)
  );
}
