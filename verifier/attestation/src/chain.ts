// SPDX-License-Identifier: Apache-2.0
import { type Certificate, parseCertificate } from './certificate.ts';
import { AttestationError } from './errors.ts';
import { KEY_USAGE } from './extensions.ts';

/**
 * Verifies the path from a pinned root to the leaf that signed a document (RFC 5280 section 6.1, without revocation: Nitro's
 * certificates live for hours). SPEC.md, steps 5 to 7. The bundle's own first certificate gives no trust: it has to be the pinned one.
 *
 * @param root the trust anchor
 * @param cabundle DER, root first
 * @param leaf DER
 * @param at ms since the epoch
 * @returns the leaf
 * @throws AttestationError
 */
export function verifyChain(
  root: Certificate,
  cabundle: readonly Buffer[],
  leaf: Buffer,
  at: number,
): Certificate {
  const [first, ...intermediates] = cabundle;
  if (first === undefined || !first.equals(root.der)) throw new AttestationError('chain_foreign_root');
  const end = parseCertificate(leaf);
  const authorities = [root, ...intermediates.map(parseCertificate)];
  const path = [...authorities, end];
  for (const [index, certificate] of path.entries()) {
    const issuer = path[index - 1];
    if (issuer !== undefined) checkIssued(certificate, issuer);
    checkValidity(certificate, at);
  }
  for (const [index, authority] of authorities.entries())
    checkAuthority(authority, authorities.length - 1 - index);
  checkLeaf(end);
  return end;
}

/** Step 6: names meet byte for byte, key identifiers too where both are there, and the key of the issuer, another one, made the signature. */
function checkIssued(certificate: Certificate, issuer: Certificate): void {
  const { authorityKeyIdentifier } = certificate.extensions;
  const { subjectKeyIdentifier } = issuer.extensions;
  const identified =
    authorityKeyIdentifier === undefined ||
    subjectKeyIdentifier === undefined ||
    authorityKeyIdentifier.equals(subjectKeyIdentifier);
  if (!certificate.issuer.equals(issuer.subject) || !identified)
    throw new AttestationError('chain_not_linked');
  if (certificate.issuer.equals(certificate.subject)) throw new AttestationError('chain_self_issued');
  if (!certificate.x509.verify(issuer.publicKey)) throw new AttestationError('chain_signature');
}

/** Step 7: both ends belong to the span (RFC 5280 section 4.1.2.5). Written so that a time that is no number is refused as well. */
function checkValidity({ x509 }: Certificate, at: number): void {
  if (!(at >= x509.validFromDate.getTime())) throw new AttestationError('certificate_not_yet_valid');
  if (!(at <= x509.validToDate.getTime())) throw new AttestationError('certificate_expired');
}

/** @param below how many CA certificates stand between this one and the leaf; none of them is self-issued, which RFC 5280 would not count */
function checkAuthority({ extensions }: Certificate, below: number): void {
  const { basicConstraints, keyUsage } = extensions;
  if (basicConstraints?.ca !== true || !basicConstraints.critical)
    throw new AttestationError('issuer_not_ca');
  if (keyUsage?.has(KEY_USAGE.keyCertSign) !== true) throw new AttestationError('issuer_key_usage');
  if (below > basicConstraints.pathLength) throw new AttestationError('path_length_exceeded');
}

function checkLeaf({ extensions }: Certificate): void {
  const { basicConstraints, keyUsage } = extensions;
  if (basicConstraints?.ca === true) throw new AttestationError('leaf_is_ca');
  const signs = keyUsage?.has(KEY_USAGE.digitalSignature) === true;
  if (!signs || keyUsage.has(KEY_USAGE.keyCertSign)) throw new AttestationError('leaf_key_usage');
}
