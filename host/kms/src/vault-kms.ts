// SPDX-License-Identifier: Apache-2.0
import { Agent } from 'node:https';
import {
  DecryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyPairWithoutPlaintextCommand,
  KMSClient,
} from '@aws-sdk/client-kms';
import { type DataKey, type IntegrityPurpose, KmsError, Shares, type VaultKms } from '@enclave-vault/vault';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { toKmsError } from './errors.ts';

export interface VaultKmsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface VaultKmsOptions {
  readonly region: string;
  /** URL; the Region's own endpoint by default. */
  readonly endpoint?: string;
  /** The Region's FIPS 140 endpoint. Not beside `endpoint`. */
  readonly fips?: boolean;
  /** PEM certificates to trust instead of the system's. */
  readonly ca?: string;
  /** The SDK's default chain (environment, role of the function, …) when absent. */
  readonly credentials?: VaultKmsCredentials;
  /** ARNs of the deployment's keys. */
  readonly keys: { readonly vault: string; readonly request: string; readonly integrity: string };
  /** For one attempt, ms. Three attempts at most, within the API's 10 s. */
  readonly timeoutMs?: number;
}

export interface VaultKmsClient extends VaultKms {
  /** Closes idle connections. */
  close(): void;
}

const CONNECT_MS = 1000;
const TIMEOUT_MS = 2000;
const ATTEMPTS = 3;
const SOCKETS = 64;
/** A call waits for its turn as long as so many attempts may take: 8 s of a request's 10. */
const TURN_ATTEMPTS = 4;

/** Encryption context of request data keys, as the request key's policy demands. */
const REQUEST_CONTEXT = { purpose: 'enclave-request/1' };

/** Encryption context of integrity data keys; their policy demands the prefix. */
function integrityContext(purpose: IntegrityPurpose): { readonly purpose: string } {
  return { purpose: `integrity/${purpose}` };
}

/**
 * The vault's KMS calls on the AWS SDK. Every key is named by its ARN, Decrypt's included, so that a wrapped key of
 * another key is refused. Methods throw the port's KmsError, whose message has no more than operation and error name.
 */
export function createVaultKms(options: VaultKmsOptions): VaultKmsClient {
  const { keys } = options;
  const handler = createHandler(options);
  const client = createClient(options, handler, ATTEMPTS);
  let patient: KMSClient | undefined;
  // A client of its own, with the same connections and credentials: retries of calls that nobody waits for would use up what
  // the SDK keeps for those of requests.
  const single = (): KMSClient => {
    const { credentials } = client.config;
    patient ??= createClient({ ...options, credentials }, handler, 1);
    return patient;
  };

  // The SDK's time-out of an attempt begins when it is asked and not when a connection is free: of more calls than there are connections those
  // behind would end, and be asked again, before anybody had heard of them. Nor do they wait for ever: whoever asked has given up by then, and
  // a KMS that is back would first answer all of those. Kinds of calls take turns: the one for a request key, which all decryptions wait for, is
  // not behind hundreds for key pairs, and neither is one who wants one pair behind another who wants hundreds.
  const turns = new Shares({ running: SOCKETS, waiting: Number.POSITIVE_INFINITY, all: SOCKETS });
  const ms = TURN_ATTEMPTS * (options.timeoutMs ?? TIMEOUT_MS);
  const attempt = <T>(operation: string, send: () => Promise<T>, actor = '') =>
    attemptNow(operation, () => turns.run(`${operation} ${actor}`, send, { ms }));

  async function generateDataKey(keyId: string, context: Record<string, string>): Promise<DataKey> {
    const answer = await attempt('GenerateDataKey', () =>
      client.send(
        new GenerateDataKeyCommand({ KeyId: keyId, KeySpec: 'AES_256', EncryptionContext: context }),
      ),
    );
    const { Plaintext: key, CiphertextBlob: wrapped } = answer;
    if (key?.length !== 32 || wrapped === undefined) throw unexpected('GenerateDataKey');
    return { key, wrapped };
  }

  return {
    async generateRecordKeyPair({ vault_id, tenant_id }, { once = false, actor } = {}) {
      const operation = 'GenerateDataKeyPairWithoutPlaintext';
      const send = () =>
        (once ? single() : client).send(
          new GenerateDataKeyPairWithoutPlaintextCommand({
            KeyId: keys.vault,
            KeyPairSpec: 'ECC_NIST_P384',
            EncryptionContext: { vault_id, tenant_id },
          }),
        );
      const answer = await attempt(operation, send, actor);
      const { PublicKey: publicKey, PrivateKeyCiphertextBlob: wrappedPrivateKey, KeyId: keyArn } = answer;
      if (publicKey === undefined || wrappedPrivateKey === undefined || keyArn === undefined) {
        throw unexpected(operation);
      }
      return { publicKey, wrappedPrivateKey, keyArn };
    },

    generateRequestKey: () => generateDataKey(keys.request, REQUEST_CONTEXT),

    generateIntegrityKey: (purpose) => generateDataKey(keys.integrity, integrityContext(purpose)),

    async unwrapIntegrityKey(wrapped, purpose) {
      const answer = await attempt('Decrypt', () =>
        client.send(
          new DecryptCommand({
            KeyId: keys.integrity,
            CiphertextBlob: wrapped,
            EncryptionContext: integrityContext(purpose),
          }),
        ),
      );
      if (answer.Plaintext?.length !== 32) throw unexpected('Decrypt');
      return answer.Plaintext;
    },

    close: () => {
      client.destroy();
      patient?.destroy();
    },
  };
}

type Credentials = VaultKmsCredentials | KMSClient['config']['credentials'];

function createClient(
  {
    region,
    endpoint,
    fips,
    credentials,
  }: Omit<VaultKmsOptions, 'credentials'> & { readonly credentials?: Credentials },
  requestHandler: NodeHttpHandler,
  maxAttempts: number,
): KMSClient {
  return new KMSClient({
    region,
    // The user's own AWS settings would add these to any endpoint; with one of ours they are an error.
    ...(endpoint === undefined ? {} : { endpoint, useFipsEndpoint: false, useDualstackEndpoint: false }),
    ...(endpoint === undefined && fips === true ? { useFipsEndpoint: true } : {}),
    // A copy: the SDK adds a member of its own.
    ...(credentials === undefined
      ? {}
      : { credentials: typeof credentials === 'function' ? credentials : { ...credentials } }),
    maxAttempts,
    retryMode: 'standard',
    requestHandler,
  });
}

function createHandler({ ca, timeoutMs }: VaultKmsOptions): NodeHttpHandler {
  return new NodeHttpHandler({
    httpsAgent: new Agent({
      keepAlive: true,
      maxSockets: SOCKETS,
      minVersion: 'TLSv1.2',
      ...(ca === undefined ? {} : { ca }),
    }),
    connectionTimeout: CONNECT_MS,
    requestTimeout: timeoutMs ?? TIMEOUT_MS,
    // Without this the handler only warns, and waits on.
    throwOnRequestTimeout: true,
  });
}

async function attemptNow<T>(operation: string, send: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    throw toKmsError(operation, error);
  }
}

function unexpected(operation: string): KmsError {
  return new KmsError('unavailable', `${operation}: unexpected answer`);
}
