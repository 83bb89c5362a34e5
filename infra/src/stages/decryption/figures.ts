// SPDX-License-Identifier: Apache-2.0
import type { Stack } from 'aws-cdk-lib';
import { CfnLogGroup, CfnMetricFilter } from 'aws-cdk-lib/aws-logs';
import type { StageContext } from '../../stage.ts';
import { BASE } from '../base.ts';
import { keep } from '../keys/customer-key.ts';

/** What is counted in the parents' log: CloudWatch's filter, and which value of a line the figure is. */
interface Figure {
  readonly pattern: string;
  readonly value: string;
}

const said = (member: string): Figure => ({ pattern: '{ $.event = "figures" }', value: `$.${member}` });
const each = (...events: readonly string[]): Figure => ({
  pattern: `{ ${events.map((event) => `$.event = "${event}"`).join(' || ')} }`,
  value: '1',
});

/** A reading of the parent's canary (host/parent/src/canary.ts). */
function read(outcome: string): Figure {
  return { pattern: `{ $.event = "canary" && $.outcome = "${outcome}" }`, value: '1' };
}

/**
 * Figures of the deployment's namespace that are made of log lines (docs/parent.md has the events). No dimensions: a figure is one
 * of all instances, whose lines are its samples.
 */
export const PARENT_FIGURES = {
  /** Once a minute and instance, over the minute. */
  parent_requests: said('requests'),
  parent_refused: said('refused'),
  parent_failed: said('failed'),
  /** Requests under way in one enclave, on average. */
  enclave_busy: said('busy'),
  enclaves_missing: said('missing'),
  /** Records, by the enclaves' own count; and requests beyond their measured rate. */
  records_opened: said('opened'),
  decryptions_limited: said('limited'),
  instance_hours: said('up_hours'),
  /** One a line. */
  enclave_lost: each('enclave_lost', 'replacing_stopped'),
  instance_refused: each('instance_refused'),
  enclave_in_debug_mode: {
    pattern: '{ $.event = "debug_enclave" || ( $.event = "enclave_lost" && $.code = "debug_mode" ) }',
    value: '1',
  },
  enclave_not_admitted: { pattern: '{ $.event = "enclave_refused" && $.status = 403 }', value: '1' },
  relay_refused: { pattern: '{ $.event = "relay_refused" && $.cause = "unknown_cid" }', value: '1' },
  channel_trouble: each('channel_renewal_failed', 'channel_identity_ended'),
  parent_stopped: each('config_invalid', 'crashed', 'stop_failed', 'stop_timeout', 'vsock_unavailable'),
  no_credentials: each('credentials_unavailable'),
  /** One a probe: what KMS answers the instance's role without an attestation document. */
  canary_denied: read('ExpectedDenied'),
  canary_allowed: read('UnexpectedAllow'),
  canary_error: read('CanaryError'),
} as const satisfies Readonly<Record<string, Figure>>;

export type ParentFigure = keyof typeof PARENT_FIGURES;

/** The parents' log, kept as evidence, and what is counted in it. @returns the group */
export function makeLog(stack: Stack, { config, names, outputs }: StageContext): CfnLogGroup {
  const group = new CfnLogGroup(stack, 'ParentLog', {
    logGroupName: names.logGroups.parent,
    kmsKeyId: outputs(BASE).LogsKeyArn,
    retentionInDays: config.decryption.logDays,
  });
  keep(group);
  for (const [metricName, { pattern, value }] of Object.entries(PARENT_FIGURES)) {
    const filter = new CfnMetricFilter(stack, `Figure${pascal(metricName)}`, {
      logGroupName: names.logGroups.parent,
      filterName: metricName,
      filterPattern: pattern,
      metricTransformations: [{ metricNamespace: names.namespace, metricName, metricValue: value }],
    });
    filter.addResourceDependency(group);
  }
  return group;
}

/** `enclave_busy` as a logical id has it: `EnclaveBusy`. */
export function pascal(words: string): string {
  return words
    .split(/[_-]/)
    .map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`)
    .join('');
}
