// SPDX-License-Identifier: Apache-2.0

/** A published vulnerability of a package in a lockfile. */
export interface Advisory {
  /** `GHSA-…`, or the registry's number where there is none. */
  readonly id: string;
  readonly package: string;
  readonly severity: string;
  readonly title: string;
  /** Versions that have it. */
  readonly range: string;
}

export type Audit =
  | { readonly kind: 'report'; readonly advisories: readonly Advisory[] }
  /** Nobody was asked: no network, or a registry without advisories. */
  | { readonly kind: 'unavailable'; readonly why: string };

/** Answers of a registry that has no audit (mirrors), or of none at all. */
const NO_ENDPOINT = new Set([400, 403, 404, 405, 410, 501]);
const NO_NETWORK = /^(?:ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|ENOAUDIT|E5\d\d)$/;

/**
 * Reads what `npm audit --json` prints (version 2 of its report: npm 7 and later).
 * @throws {Error} for anything that is neither a report nor the lack of one: it must not be taken for "no vulnerabilities"
 */
export function readAudit(text: string): Audit {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Error('npm audit printed no JSON', { cause });
  }
  if (!isObject(value)) throw new Error('npm audit printed no report');
  if (isObject(value.error)) return unavailable(value, value.error);
  if (value.auditReportVersion !== 2 || !isObject(value.vulnerabilities)) {
    throw new Error('npm audit printed a report of another version');
  }
  const found = new Map<string, Advisory>();
  for (const [name, vulnerability] of Object.entries(value.vulnerabilities)) {
    if (!isObject(vulnerability) || !Array.isArray(vulnerability.via)) {
      throw new Error(`npm audit says nothing that can be read of ${name}`);
    }
    for (const via of vulnerability.via) {
      // Text is the name of another entry, which has the advisory.
      if (typeof via === 'string' && via in value.vulnerabilities) continue;
      const advisory = advisoryOf(via, name);
      found.set(`${advisory.id} ${advisory.package}`, advisory);
    }
  }
  return { kind: 'report', advisories: [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1)) };
}

function advisoryOf(via: unknown, entry: string): Advisory {
  if (!isObject(via)) throw new Error(`npm audit names no advisory for ${entry}`);
  const { source, name = entry, severity, title, url, range } = via;
  const id = /GHSA(?:-[0-9a-z]{4}){3}/.exec(String(url))?.[0] ?? (source === undefined ? '' : String(source));
  if (id === '') throw new Error(`npm audit names no advisory for ${entry}`);
  return {
    id,
    package: String(name),
    severity: String(severity),
    title: String(title),
    range: String(range),
  };
}

function unavailable(
  value: Readonly<Record<string, unknown>>,
  error: Readonly<Record<string, unknown>>,
): Audit {
  const { statusCode, message } = value;
  const code = String(error.code ?? value.code ?? '');
  const summary = String(message ?? error.summary ?? code).slice(0, 300);
  const missing = (typeof statusCode === 'number' && NO_ENDPOINT.has(statusCode)) || NO_NETWORK.test(code);
  if (!missing) throw new Error(`npm audit failed: ${summary}`);
  return { kind: 'unavailable', why: summary };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
