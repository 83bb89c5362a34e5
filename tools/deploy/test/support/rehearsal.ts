// SPDX-License-Identifier: Apache-2.0
import { DEPLOY, type DeployConfig, namesOf } from '@enclave-vault/infra';
import type { Measurements } from '@enclave-vault/policies';
import { readRole } from '@enclave-vault/settings';
import { liveMeasurements } from '../../src/keys/live.ts';
import type { DeployRun } from '../../src/plan/run.ts';
import { openRelease } from '../../src/release/open.ts';
import { FakeCloud } from './fake-cloud.ts';
import { type Fixture, PROJECT_KEY } from './release-fixture.ts';
import { FakeClock, FakeConsole, SHORT } from './tools.ts';

export function exampleConfig(change: Readonly<Record<string, unknown>> = {}): DeployConfig {
  const file = { ...(DEPLOY.example as Record<string, unknown>), ...change };
  return readRole(DEPLOY, { file, env: {} });
}

/** A run of a plan in an account in memory. */
export class Rehearsal {
  readonly cloud: FakeCloud;
  readonly console = new FakeConsole();
  readonly clock = new FakeClock();
  readonly config: DeployConfig;

  constructor(config: DeployConfig = exampleConfig()) {
    this.config = config;
    this.cloud = new FakeCloud(config);
  }

  async run({ folder }: Fixture, yes = true): Promise<DeployRun> {
    const { cloud, console, clock, config } = this;
    const release = await openRelease(folder, PROJECT_KEY);
    return { cloud, console, clock, config, limits: SHORT, names: namesOf(config), release, yes };
  }

  /** What CloudFormation was told to do since the last time that this was asked. */
  done(region = this.config.region): string[] {
    return this.cloud.stacks(region).done.splice(0);
  }

  async admitted(region = this.config.region, stage = 'keys'): Promise<Measurements | null> {
    return liveMeasurements(await this.cloud.stacks(region).template(`${this.config.name}-${stage}`));
  }

  /**
   * Holds every state that the account was in against the promise: what runs is admitted. Images are told apart by the digest of
   * the file that user data of the instances names.
   * @param images PCR0 by SHA-256 of the image's file
   */
  shutOut(images: ReadonlyMap<string, string>): string[] {
    const problems: string[] = [];
    let admitted: readonly string[] | null = null;
    let running: string | undefined;
    for (const { stack, region, template } of this.cloud.observations) {
      if (region !== this.config.region) continue;
      if (stack === `${this.config.name}-keys`) admitted = liveMeasurements(template)?.pcr0 ?? null;
      if (stack === `${this.config.name}-decryption`) {
        running = [...images].find(([sha256]) => template.includes(sha256))?.[1];
        if (running === undefined) problems.push('the instances run an image that no release has');
      }
      if (running !== undefined && admitted?.includes(running) !== true) {
        problems.push(`after ${stack} the image ${running.slice(0, 8)} runs and is not admitted`);
      }
    }
    return problems;
  }
}
