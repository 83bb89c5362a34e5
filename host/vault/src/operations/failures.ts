// SPDX-License-Identifier: Apache-2.0
import { commit } from '../audit/commit.ts';
import type { AuditEvent } from '../audit/entry.ts';
import { systemLog } from '../audit/log-id.ts';
import type { Core } from '../core.ts';
import { VaultError } from '../errors.ts';
import { EnclaveClientError } from '../ports/enclave.ts';
import { KmsError } from '../ports/kms.ts';
import { StoreError } from '../ports/store.ts';
import type { Context } from '../principal.ts';
import { Tampered } from '../tampered.ts';
import { callFacts, NO_FACTS } from './authorize.ts';
import { enclaveRefusal } from './enclave-call.ts';

/** Reports a failed KMS call to the operator. @returns what it is to the caller */
export function kmsFailure(core: Core, error: KmsError, requestId: string): VaultError {
  core.report({ event: 'kms_failed', code: error.code, requestId });
  const passing = error.code === 'throttled' || error.code === 'unavailable';
  return new VaultError(passing ? 'kms_unavailable' : 'kms_denied', { cause: error });
}

/**
 * Turns whatever an operation threw into what a caller may see, and reports the rest to the operator.
 * Tampering is audited on the tenant's system chain too, since the record's own chain may be what is broken.
 */
export async function asVaultError(
  core: Core,
  { context, event, id }: { context: Context; event: AuditEvent | null; id: string | null },
  error: unknown,
): Promise<VaultError> {
  const { requestId } = context;
  if (error instanceof VaultError) return error;
  if (error instanceof KmsError) return kmsFailure(core, error, requestId);
  if (error instanceof EnclaveClientError)
    return enclaveRefusal(core, error.code, requestId, error.retryAfter);
  if (error instanceof StoreError) {
    core.report({ event: 'store_failed', code: error.code, requestId, where: error.message });
    return new VaultError('store_unavailable', { cause: error });
  }
  if (error instanceof Tampered) {
    core.report({ event: 'integrity_failed', code: error.code, requestId, log: error.subject });
    if (event !== null) await auditTampering(core, context, event, id);
    return new VaultError('integrity_failed', { cause: error });
  }
  core.report({ event: 'program_error', code: 'internal', requestId, where: placeOf(error) });
  return new VaultError('internal');
}

/** How long to try, in milliseconds. */
const AUDIT_MS = 1_000;

/** Adds to the tenant's system chain that something was tampered with. It never throws: the operator was told already. */
export async function auditTampering(
  core: Core,
  context: Context,
  event: AuditEvent,
  id: string | null,
): Promise<void> {
  const facts = {
    ...NO_FACTS,
    ...callFacts(context),
    event,
    subject: id,
    result: 'failed' as const,
    code: 'integrity_failed',
  };
  const deadline = Math.floor(core.clock.now() / 1000) + AUDIT_MS;
  const plan = async (): Promise<{ operations: []; facts: typeof facts; result: undefined }> => {
    return { operations: [], facts, result: undefined };
  };
  try {
    await commit(core, systemLog(context.principal.tenant), plan, { deadline });
  } catch {
    // The system chain may be broken as well. The operator was told, and nothing was revealed.
    core.report({ event: 'integrity_failed', code: 'audit_unavailable', requestId: context.requestId });
  }
}

/** An error's class and the first lines of its stack without their message: that may quote what it choked on. */
function placeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return [error.name, ...frames.slice(0, 3).map((line) => line.trim())].join(' ');
}
