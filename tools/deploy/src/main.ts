// SPDX-License-Identifier: Apache-2.0
/** The commands `npm run deploy` and `npm run destroy`. Exit codes: 0 done, 1 it failed, 2 the command's words are off. */
import { type DeployConfig, InfraError, namesOf } from '@enclave-vault/infra';
import { deployerPolicies } from '@enclave-vault/policies';
import { awsAccount } from './aws/account.ts';
import { awsCloud } from './aws/cloud.ts';
import { readDeployConfig } from './commands/config.ts';
import { deployCommand } from './commands/deploy.ts';
import { destroyCommand } from './commands/destroy.ts';
import { init } from './commands/init.ts';
import { legacyPolicies } from './commands/legacy.ts';
import { liveSet } from './commands/live.ts';
import type { World } from './commands/world.ts';
import { ADVICE, DeployError, UsageError } from './errors.ts';
import { LIMITS, type Limits } from './limits.ts';
import { DEPLOY_USAGE, DESTROY_USAGE, parseDeploy, parseDestroy } from './options.ts';
import { processClock, processConsole } from './process.ts';

const USAGES = { deploy: DEPLOY_USAGE, destroy: DESTROY_USAGE } as const;

/** @returns the exit code */
export async function main(
  command: keyof typeof USAGES,
  args: readonly string[],
  limits: Limits = LIMITS,
): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(`${USAGES[command]}\n`);
    return 0;
  }
  const world: World = {
    cloud: awsCloud,
    clock: processClock(),
    console: processConsole(),
    limits,
    env: process.env,
  };
  try {
    await (command === 'deploy' ? deployWith(world, args) : destroyWith(world, args));
    return 0;
  } catch (error) {
    return explain(error, USAGES[command]);
  }
}

async function deployWith(world: World, args: readonly string[]): Promise<void> {
  const options = parseDeploy(args, base());
  switch (options.command) {
    case 'deploy':
      return deployCommand(world, options);
    case 'init': {
      const region = options.region ?? process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION;
      if (region === undefined)
        throw new UsageError('--init takes --region, or AWS_REGION of the environment');
      return init(awsAccount(region), world.console, region, options);
    }
    case 'live':
      process.stdout.write(`${JSON.stringify(await liveSet(world, options.config))}\n`);
      return;
    case 'legacy': {
      const policies = await legacyPolicies(world, options.config);
      process.stdout.write(`${JSON.stringify(policies, null, 2)}\n`);
      return;
    }
    case 'policy':
      process.stdout.write(`${deployerPolicyText(readDeployConfig(options.config, world.env))}\n`);
  }
}

async function destroyWith(world: World, args: readonly string[]): Promise<void> {
  await destroyCommand(world, parseDestroy(args, base()));
}

/** npm starts scripts in the project's folder, and says from where it was called. */
function base(): string {
  return process.env.INIT_CWD ?? process.cwd();
}

function explain(error: unknown, usage: string): number {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n\n${usage}\n`);
    return 2;
  }
  if (error instanceof DeployError) {
    const lines = [
      `${error.code}: ${error.message}`,
      ...error.details.map((line) => `  ${line}`),
      ADVICE[error.code],
    ];
    process.stderr.write(`\n${lines.join('\n')}\n`);
    return error.code === 'config_invalid' || error.code === 'config_unreadable' ? 2 : 1;
  }
  if (hasCode(error)) {
    process.stderr.write(`\n${error.code}: ${error.message}\n`);
    return 1;
  }
  const what =
    error instanceof Error ? `${error.name}: ${error.message}` : 'something that is no error was thrown';
  process.stderr.write(`\ninternal: ${what}\n${ADVICE.internal}\n`);
  return 1;
}

/** An error of one of the vault's packages (templates, policies, images): its code says all; a stack would say nothing. */
function hasCode(error: unknown): error is Error & { code: string } {
  return (
    error instanceof InfraError ||
    (error instanceof Error &&
      'code' in error &&
      typeof error.code === 'string' &&
      /^[a-z][a-z_]*$/.test(error.code))
  );
}

/** Two documents: `deploy` for every run, `roles` beside it for runs that change roles. */
function deployerPolicyText(config: DeployConfig): string {
  const { partition, account, region, name, replicaRegions, deployers, api } = config;
  const home = { partition, account, region, name, roles: namesOf(config).roles, replicaRegions, deployers };
  const setsAccountLogRole = api.accessLogs && api.accountLogRole === 'set';
  return JSON.stringify(deployerPolicies(home, { setsAccountLogRole }), null, 2);
}
