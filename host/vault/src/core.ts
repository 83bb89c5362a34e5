// SPDX-License-Identifier: Apache-2.0
import { KnownTails } from './audit/known-tails.ts';
import { SinkRelay } from './audit/sink-relay.ts';
import type { IntegrityKeys } from './keys/integrity-keys.ts';
import { RequestKeys } from './keys/request-keys.ts';
import type { AuditSink } from './ports/audit.ts';
import type { Clock } from './ports/clock.ts';
import type { EnclaveClient } from './ports/enclave.ts';
import type { VaultKms } from './ports/kms.ts';
import type { Reporter } from './ports/report.ts';
import type { Store } from './ports/store.ts';
import { type KeyPoolOptions, RecordKeys } from './record-keys/record-keys.ts';
import { KEPT_RECORDS, type KeptRecord } from './records/load.ts';
import type { RecordSchema } from './schema/record-schema.ts';
import { KeyedLock } from './util/keyed-lock.ts';
import { Once } from './util/once.ts';
import { Recent } from './util/recent.ts';
import { Shares } from './util/shares.ts';

/** What every operation of an open vault works with. */
export interface Core {
  readonly store: Store;
  readonly kms: VaultKms;
  readonly enclave: EnclaveClient;
  readonly clock: Clock;
  readonly report: Reporter;
  readonly schema: RecordSchema;
  readonly keys: IntegrityKeys;
  readonly requestKeys: RequestKeys;
  readonly recordKeys: RecordKeys;
  readonly sink: SinkRelay;
  /** Where chains ended when this process saw them last. */
  readonly tails: KnownTails;
  /** Records as they were authenticated last. */
  readonly records: Recent<KeptRecord>;
  readonly locks: KeyedLock;
  /** Requests with expressions, by who asks. */
  readonly evaluations: Shares;
  /** Rows found to be tampered with that were told of already. */
  readonly told: Once;
}

/**
 * An enclave has a few threads for expressions and 32 places for requests, and one that waits for a thread keeps its
 * place. Without a share, a single caller of slow expressions would have them all. How many wait is bounded by their time, and by what a
 * server lets one caller have under way: this is the end of it for one that lets him have anything. Of all callers together they leave places
 * of an enclave's 96 to requests without expressions, which are quick: beyond that callers take turns.
 */
const EVALUATIONS = { running: 8, waiting: 1_000, all: 24 };
/** However many processes there are: one evaluation at once, and one of somebody else. */
const LEAST_EVALUATIONS = 2;

/** A row that stays as it is stays tampered with: its entry in the audit comes again after an hour. */
const TOLD = { everyMicros: 3_600_000_000, most: 1_000 };

const NO_POOL: KeyPoolOptions = { size: 0, perSecond: 1 };

/** What a vault is opened with. */
export interface VaultDependencies {
  readonly store: Store;
  readonly kms: VaultKms;
  readonly enclave: EnclaveClient;
  readonly sink: AuditSink;
  readonly clock: Clock;
  readonly schema: RecordSchema;
  /** Accept a schema that leaves stored fields without a definition. */
  readonly allowOrphans?: boolean;
  /** Key pairs that are made before a record asks for one. Default: none. */
  readonly keyPool?: KeyPoolOptions;
  /** That work before the same enclaves, each with its part of the evaluations; one by default. */
  readonly processes?: number;
  /** Default: nothing is reported. */
  readonly report?: Reporter;
}

export function makeCore(
  {
    store,
    kms,
    enclave,
    sink,
    clock,
    schema,
    keyPool: pool = NO_POOL,
    processes = 1,
    report = () => {},
  }: VaultDependencies,
  keys: IntegrityKeys,
): Core {
  const requestKeys = new RequestKeys(kms, clock);
  const recordKeys = new RecordKeys({ kms, clock, report, pool });
  const relay = new SinkRelay(sink, clock, report);
  const locks = new KeyedLock();
  const all = Math.max(LEAST_EVALUATIONS, Math.floor(EVALUATIONS.all / processes));
  const evaluations = new Shares({ ...EVALUATIONS, running: Math.min(EVALUATIONS.running, all), all });
  const told = new Once(TOLD.everyMicros, TOLD.most);
  return {
    store,
    kms,
    enclave,
    clock,
    report,
    schema,
    keys,
    requestKeys,
    recordKeys,
    sink: relay,
    tails: new KnownTails(),
    records: new Recent(KEPT_RECORDS),
    locks,
    evaluations,
    told,
  };
}
