// SPDX-License-Identifier: Apache-2.0
/**
 * `node infra/bin/synthesize.ts --config deploy.json --out DIR`: writes the template of every stage, to be looked at. Nothing is
 * deployed, and no account is asked: what earlier stages would put out is made up (`exampleOutputs`), and so are measurements.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readConfigFile, readRole, SettingsError } from '@enclave-vault/settings';
import {
  DEPLOY,
  type DeployConfig,
  exampleKnown,
  InfraError,
  keysReplicaStage,
  type Stage,
  stagesOf,
  synthesize,
} from '../src/index.ts';

const USAGE = 'usage: node infra/bin/synthesize.ts [--config deploy.json] --out DIR';

function options(): { readonly config: string | undefined; readonly out: string } | undefined {
  try {
    const { values } = parseArgs({ options: { config: { type: 'string' }, out: { type: 'string' } } });
    return values.out === undefined ? undefined : { config: values.config, out: resolve(values.out) };
  } catch {
    return undefined;
  }
}

/** Without a file, the configuration's example. Paths in a file are relative to its folder. */
function configOf(file: string | undefined): DeployConfig {
  if (file === undefined) return readRole(DEPLOY, { file: DEPLOY.example, env: {} });
  const parsed = readConfigFile(file);
  process.chdir(dirname(file));
  return readRole(DEPLOY, { file: parsed, env: {} });
}

function write(out: string, config: DeployConfig): void {
  const known = exampleKnown(config);
  mkdirSync(out, { recursive: true });
  const put = (name: string, stage: Stage): void => {
    const template = synthesize(stage, known);
    const file = join(out, `${name}.json`);
    writeFileSync(file, `${JSON.stringify(template, undefined, 2)}\n`);
    console.log(`${file}: ${Object.keys(template.Resources).length} resources`);
  };
  for (const stage of stagesOf(config)) put(stage.id, stage);
  for (const region of config.replicaRegions) put(`keys-replica.${region}`, keysReplicaStage(region));
}

const given = options();
if (given === undefined) {
  console.error(USAGE);
  process.exitCode = 2;
} else {
  try {
    write(given.out, configOf(given.config));
  } catch (error) {
    if (error instanceof SettingsError) {
      for (const { setting, message } of error.problems) console.error(`${setting} ${message}`);
      process.exitCode = 2;
    } else if (error instanceof InfraError) {
      console.error(`${error.code}: ${error.message}`);
      process.exitCode = 1;
    } else throw error;
  }
}
