// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { stagesOf } from '../../src/index.ts';
import { Life } from './support/life.ts';

test('every stage is made, in order, with the rights of the deployment role alone', () => {
  const life = new Life();
  life.deployAll();
  for (const stage of stagesOf(life.config)) expect(life.deploy(stage), stage.id).toBe(false);
});
