// SPDX-License-Identifier: Apache-2.0
import { LogFormatter, Logger, LogItem } from '@aws-lambda-powertools/logger';
import type { LogAttributes, UnformattedAttributes } from '@aws-lambda-powertools/logger/types';
import type { Log } from '@enclave-vault/parent/log';
import { invocations, type LambdaContext } from './context.ts';

export const PROCESS = 'enclave-vault-api';

/** The vault's own lines, with `timestamp` and `level` as Lambda's log controls read them. */
class LineFormatter extends LogFormatter {
  override formatAttributes(base: UnformattedAttributes, more: LogAttributes): LogItem {
    const { lambdaContext, xRayTraceId } = base;
    return new LogItem({
      attributes: {
        timestamp: this.formatTimestamp(base.timestamp),
        level: base.logLevel,
        process: PROCESS,
        event: base.message,
        ...(lambdaContext === undefined
          ? {}
          : { function_request_id: lambdaContext.awsRequestId, cold_start: lambdaContext.coldStart }),
        ...(xRayTraceId === undefined ? {} : { xray_trace_id: xRayTraceId }),
        ...more,
      },
    });
  }
}

/** The log of a function. */
export interface FunctionLog {
  readonly log: Log;
  /** To be told of each invocation first. */
  readonly invoked: (context: LambdaContext) => void;
}

/**
 * Our log on the Logger of Powertools. Of the Logger's doings only its lines are used: it is never handed an event, an
 * answer or an error, so that none of its settings (POWERTOOLS_LOGGER_LOG_EVENT and others) can make it print one.
 */
export function createFunctionLog(): FunctionLog {
  const logger = new Logger({ serviceName: PROCESS, logFormatter: new LineFormatter() });
  return {
    // `message` is the Logger's own.
    log: (level, event, { message, ...fields } = {}) => {
      const detail = message === undefined ? {} : { detail: message };
      logger[level](event, { ...invocations.getStore()?.ids, ...fields, ...detail });
    },
    invoked: (context) => logger.addContext({ ...context, ...NOT_USED }),
  };
}

/** Members of the context that the Logger's type wants and its code does not read. */
const NOT_USED = {
  callbackWaitsForEmptyEventLoop: false,
  logGroupName: '',
  logStreamName: '',
  getRemainingTimeInMillis: () => 0,
  done: () => undefined,
  fail: () => undefined,
  succeed: () => undefined,
};
