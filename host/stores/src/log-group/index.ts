// SPDX-License-Identifier: Apache-2.0

/** Audit heads in a CloudWatch Logs group. */
export type { AwsCredentials, AwsPlace } from '../aws/settings.ts';
export { SinkError, type SinkErrorCode } from '../errors.ts';
export type { LogGroupPlace } from './client.ts';
export { LogGroupSink, type LogGroupSinkOptions } from './log-group-sink.ts';
export { readLogGroup } from './read-log-group.ts';
