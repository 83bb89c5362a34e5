// SPDX-License-Identifier: Apache-2.0
import { dirname, resolve } from 'node:path';
import { namesOf } from '@enclave-vault/infra';
import { type DestroyRun, destroy, isThere } from '../destroy/destroy.ts';
import { DeployError } from '../errors.ts';
import type { DestroyOptions } from '../options.ts';
import { writeFiles } from '../out/write.ts';
import { callerProblems } from '../preflight/caller.ts';
import { readDeployConfig } from './config.ts';
import type { World } from './world.ts';

/** `npm run destroy`. @throws {DeployError} */
export async function destroyCommand(world: World, options: DestroyOptions): Promise<void> {
  const config = readDeployConfig(options.config, world.env);
  const { console, clock, limits } = world;
  const { deleteData } = options;
  const run: DestroyRun = {
    cloud: world.cloud(config),
    console,
    clock,
    limits,
    config,
    names: namesOf(config),
    deleteData,
  };
  const [problem] = await callerProblems(run);
  if (problem !== undefined) throw new DeployError(problem.code, problem.message);
  if (!(await isThere(run))) {
    console.say(`There is no vault ${config.name} in ${config.account}, ${config.region}.`);
    return;
  }
  await confirm(run, options);
  const receipt = await destroy(run);
  const file = options.receipt ?? resolve(dirname(options.config), `vault-${config.name}-destroyed.json`);
  await writeFiles(dirname(file), {
    [file.slice(dirname(file).length + 1)]: `${JSON.stringify(receipt, null, 2)}\n`,
  });
  console.say('');
  console.say(`${receipt.deleted.length} stacks deleted, ${receipt.kept.length} kept. Receipt: ${file}`);
  if (receipt.kept.length > 0) {
    console.say(
      `What stays costs ${receipt.monthly.keysUsd} US dollars a month for keys, ${receipt.monthly.note}.`,
    );
    console.say(`Come back: ${receipt.comeBack}.`);
  }
}

/** @throws {DeployError} `confirmation_wrong`, `approval_missing`, `not_approved` */
async function confirm({ config, console, deleteData }: DestroyRun, options: DestroyOptions): Promise<void> {
  if (deleteData) {
    console.say(`All records of ${config.name} and the keys that open them are to be deleted.`);
    console.say('Nobody can bring them back: not AWS, and after 30 days no key either.');
    const typed = options.confirm ?? (await console.ask(`Type the name of the vault to delete it: `));
    if (typed === undefined)
      throw new DeployError('approval_missing', 'nobody can be asked for the name of the vault');
    if (typed.trim() !== config.name) throw new DeployError('confirmation_wrong', 'that is not its name');
    return;
  }
  if (options.yes) return;
  console.say(`${config.name} stops working. Records, keys and what manages them stay.`);
  const answer = await console.ask('Take it away? [yes/no] ');
  if (answer === undefined) throw new DeployError('approval_missing', 'nobody can be asked');
  if (!/^y(es)?$/i.test(answer.trim())) throw new DeployError('not_approved', 'nothing was taken away');
}
