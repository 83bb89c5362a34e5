// SPDX-License-Identifier: Apache-2.0
import { type Reader, text } from './readers.ts';

const REGION = /[a-z]{2}(-[a-z]+)+-\d{1,2}/;

/** A Region's name, such as `eu-central-1`. */
export function awsRegion(): Reader<string> {
  return text('an AWS Region', REGION);
}

/**
 * An ARN: arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE (IAM User Guide, "Amazon Resource Names").
 * @param resource what the last part begins with, such as `key/`
 */
export function arn(service: string, resource = ''): Reader<string> {
  const region = service === 'iam' ? '' : REGION.source;
  const literal = resource.replaceAll(/[^a-z/-]/g, '\\$&');
  return text(
    `an ARN of ${service}${resource === '' ? '' : ` (${resource}…)`}`,
    new RegExp(`arn:aws[a-z-]*:${service}:${region}:\\d{12}:${literal}[\\w+=,.@/:*-]+`),
  );
}

/** The account of an ARN that `arn` read. */
export function accountOf(given: string): string {
  return given.split(':')[4] ?? '';
}

/** The Region of an ARN that `arn` read; empty for IAM. */
export function regionOf(given: string): string {
  return given.split(':')[3] ?? '';
}
