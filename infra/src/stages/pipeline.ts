// SPDX-License-Identifier: Apache-2.0
import type { PipelineKeys } from '@enclave-vault/policies';
import { defineStage } from '../stage.ts';
import { ARTIFACTS } from './artifacts.ts';
import { BASE } from './base.ts';
import { failedRuns, pipelineAlarms } from './pipeline/alarms.ts';
import { pipelineBucket } from './pipeline/bucket.ts';
import { bypassRules } from './pipeline/bypass.ts';
import { pipeline } from './pipeline/pipeline.ts';
import { buildProject, deployProject } from './pipeline/projects.ts';
import { SIGNING } from './signing.ts';

/** For teams that want one: source, build and measure, approval, widen, deploy, narrow. */
export const PIPELINE = defineStage({
  id: 'pipeline',
  title: 'Pipeline',
  when: (config) => config.pipeline.source !== 'none',
  outputs: {
    Name: { matching: /[A-Za-z0-9.@_-]{1,100}/, example: ({ name }) => `${name}-pipeline` },
    Bucket: {
      matching: /[a-z0-9.-]{3,63}/,
      example: ({ name, account, region }) => `${name}-pipeline-${account}-${region}`,
    },
  },
  build(stack, context) {
    const { outputs, names } = context;
    const signing = outputs(SIGNING);
    const keys: PipelineKeys = {
      files: pipelineBucket(stack, context).attrArn,
      artifacts: outputs(ARTIFACTS).KeyArn,
      topic: outputs(BASE).TopicKeyArn,
      imageSigning: signing.ImageKeyArn,
      releaseSigning: signing.ReleaseKeyArn,
    };
    const made = pipeline(stack, context, keys, {
      build: buildProject(stack, context, keys),
      deploy: deployProject(stack, context, keys),
    });
    pipelineAlarms(stack, context);
    failedRuns(stack, context);
    bypassRules(stack, context, keys);
    return { Name: made.ref, Bucket: names.pipelineBucket };
  },
});
