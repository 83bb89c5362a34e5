// SPDX-License-Identifier: Apache-2.0
import type { ParentConfig } from './config.ts';
import type { CredentialSource } from './credentials/source.ts';
import { ParentError } from './errors.ts';
import type { ServerPlace } from './listener.ts';
import type { Log } from './log.ts';

/** KMS may be out of reach while the instance comes up, in milliseconds. */
const OPEN_MS = 30_000;

/** Where to listen, and as whom; and what ends with it. */
export interface OpenPlace {
  readonly place: ServerPlace;
  close(): void;
}

/**
 * What the settings say of listening: a socket, or the channel, opened as the instance's role. Whoever may sign with the
 * server side's key is the parent.
 *
 * @throws ChannelError
 */
export async function openServerPlace(
  { listen, settings }: ParentConfig,
  credentials: CredentialSource,
  log: Log,
): Promise<OpenPlace> {
  if ('unix' in listen) return { place: listen, close: () => undefined };
  // The AWS SDK, and nobody's business where a parent listens at a socket.
  const { openChannelIdentity } = await import('@enclave-vault/channel');
  const { createKmsSigner } = await import('@enclave-vault/channel/kms');
  const { key, serverRoot, clientRoot, endpoint, ca } = settings.channel;
  if (key === undefined || serverRoot === undefined || clientRoot === undefined) {
    throw new ParentError('config_invalid', 'channel is not complete');
  }
  const signer = createKmsSigner({
    keyArn: key,
    region: key.split(':')[3] ?? '',
    fips: settings.enclave.fips,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(ca === undefined ? {} : { ca }),
    credentials: async () => {
      const { accessKeyId, secretAccessKey, sessionToken, expiration } = await credentials.current();
      return {
        accessKeyId,
        secretAccessKey,
        ...(sessionToken === null ? {} : { sessionToken }),
        ...(expiration === null ? {} : { expiration: new Date(expiration) }),
      };
    },
  });
  try {
    const identity = await openChannelIdentity({
      side: 'server',
      sign: signer.sign,
      roots: serverRoot,
      log,
      openMs: OPEN_MS,
    });
    return {
      place: { tls: { ...listen, identity, clientRoots: clientRoot } },
      close: () => {
        identity.close();
        signer.close();
      },
    };
  } catch (error) {
    signer.close();
    throw error;
  }
}
