// SPDX-License-Identifier: Apache-2.0

const ERROR = 'makes an error of a code';
const SEALS = 'seals what its caller encoded; what it wrote is read back by a target';
const OWN = 'handed names and keys by the program itself';
const DERIVES = 'hashes or derives from bytes of any content, and reads none of them';
const ASYNC = 'the same steps as the synchronous form, which is a target, with the ECDH on another thread';
const SYSTEM = 'makes a system call; what comes back is read by a target of its own';

/** Exported functions that take bytes or text and are no parsers, each with the reason. Held exact by targets.test.ts. */
export const EXEMPT: Readonly<Record<string, string>> = {
  'verifier/release/src/errors.ts#ReleaseError.constructor': ERROR,
  'trusted/protocol/src/errors.ts#ProtocolError.constructor': ERROR,
  'trusted/protocol/src/read.ts#malformed': ERROR,
  'trusted/linux/src/errors.ts#LinuxError.constructor': ERROR,
  'trusted/enclave/src/errors.ts#KmsError.constructor': ERROR,
  'trusted/enclave/src/errors.ts#NsmError.constructor': ERROR,
  'verifier/eif/src/byte-stream.ts#ByteStream.take':
    'reached by readEif, with pieces of other lengths than it asks for',
  'verifier/eif/src/byte-stream.ts#ByteStream.pass':
    'reached by readEif, with pieces of other lengths than it asks for',
  'verifier/eif/src/dsse.ts#sealEnvelopeBy': SEALS,
  'trusted/records/src/seal.ts#sealFields': SEALS,
  'trusted/records/src/seal.ts#sealFieldsAsync': SEALS,
  'trusted/records/src/open.ts#openFieldsAsync': ASYNC,
  'trusted/records/src/open.ts#preparePrivateKey': 'reads by importPrivateKey, which is a target',
  'trusted/records/src/recipient-keys.ts#recipientKey': 'reads by importPublicKey, which is a target',
  'trusted/protocol/src/channel.ts#sealAnswer': SEALS,
  'trusted/hpke/src/seal.ts#setupSender': SEALS,
  'trusted/hpke/src/seal.ts#setupSenderAsync': SEALS,
  'trusted/hpke/src/open.ts#setupRecipientAsync': ASYNC,
  'trusted/hpke/src/seal.ts#SenderContext.constructor': SEALS,
  'trusted/hpke/src/seal.ts#SenderContext.seal': SEALS,
  'trusted/hpke/src/seal.ts#SenderContext.export': DERIVES,
  'trusted/hpke/src/open.ts#RecipientContext.export': DERIVES,
  'trusted/hpke/src/kem.ts#kemSharedSecret': DERIVES,
  'trusted/hpke/src/labeled.ts#takeKey': DERIVES,
  'trusted/hpke/src/labeled.ts#labeledExtract': DERIVES,
  'trusted/hpke/src/labeled.ts#labeledExpand': DERIVES,
  'trusted/hpke/src/schedule.ts#keySchedule': DERIVES,
  'trusted/hpke/src/schedule.ts#exportSecret': DERIVES,
  'trusted/hpke/src/public-key.ts#rememberPoint': 'keeps a point that pointToKey has checked',
  'trusted/linux/src/connecting.ts#connectStream': SYSTEM,
  'trusted/linux/src/nsm.ts#openNsm': SYSTEM,
  'trusted/linux/src/nsm.ts#openNsmDevice': SYSTEM,
  'trusted/linux/src/process.ts#seedEntropy': SYSTEM,
  'trusted/enclave/src/core/caller-key.ts#CallerKey.attest':
    'parses by parseAttestationRequest, which is a target',
  'trusted/enclave/src/core/decrypt.ts#Decryptor.answer':
    'handed what parseDecryptRequest read; opens by openFields; both are targets',
  'trusted/enclave/src/core/measure.ts#measureConfiguration': DERIVES,
  'trusted/enclave/src/core/request-keys.ts#RequestKeys.unwrap': 'hands a ciphertext on to KMS',
  'trusted/enclave/src/core/seen.ts#SeenRequests.has': 'compares ids as keys of a map',
  'trusted/enclave/src/core/seen.ts#SeenRequests.add': 'compares ids as keys of a map',
  'trusted/enclave/src/adapters/dial-unix.ts#dialUnix': OWN,
  'trusted/enclave/src/adapters/log.ts#stderrLog': OWN,
  'trusted/enclave/src/adapters/worker.ts#createExpressionWorker': OWN,
  'trusted/enclave/src/adapters/kms/tls-agent.ts#TlsAgent.createConnection': OWN,
};
