// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { ARTIFACTS } from '@enclave-vault/infra';
import { placeFile } from '../artifacts/place-file.ts';
import { DeployError } from '../errors.ts';
import type { TemplateSource } from '../ports.ts';
import type { Known, Run } from './run.ts';

/** Bytes of a template in a request, and of one in a bucket (CloudFormation User Guide, "Quotas"). */
const MAX_BODY = 51_200;
const MAX_TEMPLATE = 1024 * 1024;

/**
 * A template as CloudFormation takes it: in the request where it fits, otherwise from the bucket, in the version that was put
 * there.
 * @throws {DeployError} `template_too_large`
 */
export async function templateSource(
  run: Run,
  known: Known,
  stage: string,
  text: string,
): Promise<TemplateSource> {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= MAX_BODY) return { body: text };
  const bucket = known.of(ARTIFACTS)?.Bucket;
  if (bucket === undefined || bytes.length > MAX_TEMPLATE) {
    throw new DeployError('template_too_large', `the template of ${stage} has ${bytes.length} bytes`);
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const { key, version } = await placeFile(
    run.cloud.objects,
    bucket,
    `templates/${sha256}/${stage}.json`,
    bytes,
  );
  return { url: run.cloud.objects.url(bucket, key, version) };
}
