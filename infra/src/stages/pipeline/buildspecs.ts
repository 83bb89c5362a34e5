// SPDX-License-Identifier: Apache-2.0

/*
 * What CodeBuild runs, as JSON, which YAML is a superset of (CodeBuild User Guide, "Build specification reference"). Everything that
 * differs between deployments is in the environment, so that the commands are the same for all, and a reviewer reads them
 * once. None of it is secret.
 */

/** Of crates.io, as docs/enclave-image.md has it: Cargo.lock of the release pins the rest. */
const EIF_BUILD = 'eif_build@0.2.1';
const BLOBS = '/usr/share/nitro_enclaves/blobs';

/** The phases of a rollout, in the order of the pipeline's actions. Each is a run of the deploy command. */
export const ROLLOUT = ['widen', 'deploy', 'narrow'] as const;
export type Phase = (typeof ROLLOUT)[number];

/** What approvers read of a release, and what is deployed, no other: the deployment holds the manifest against these words. */
export const APPROVED = ['VERSION', 'PCR0', 'PCR8', 'MANIFEST_SHA256'] as const;

/** What the build tells the pipeline. It stands in the text for approvers. */
export const EXPORTED = [...APPROVED, 'LIVE_PCR0', 'LIVE_PCR8'] as const;

/**
 * Tests, makes the enclave image without Docker (docs/enclave-image.md), signs it by KMS, measures it and makes the release.
 */
export function buildSpec(): string {
  return spec({
    env: { shell: 'bash', 'exported-variables': EXPORTED },
    phases: {
      install: {
        commands: [
          'dnf install --assumeyes --setopt=install_weak_deps=False aws-nitro-enclaves-cli aws-nitro-enclaves-cli-devel cargo gcc openssl-devel xz',
          `cargo install --locked --root /opt/eif ${EIF_BUILD}`,
          'npm ci',
        ],
      },
      build: {
        commands: [
          // Before anything is signed.
          'test -n "$SIGNING_CERTIFICATE"',
          'npm test',
          `npm run --silent image -- aarch64 --blobs ${BLOBS}`,
          [
            '/opt/eif/bin/eif_build --arch aarch64',
            `--kernel ${BLOBS}/Image --kernel_config ${BLOBS}/Image.config --cmdline "$(cat ${BLOBS}/cmdline)"`,
            '--ramdisk dist/enclave-image/aarch64/boot.cpio --ramdisk dist/enclave-image/aarch64/application.cpio',
            '--output /tmp/enclave.eif',
          ].join(' '),
          'printf "%s" "$SIGNING_CERTIFICATE" | base64 --decode > /tmp/signer.pem',
          'nitro-cli sign-eif --eif-path /tmp/enclave.eif --private-key "$IMAGE_KEY" --signing-certificate /tmp/signer.pem',
          'export VERSION="$(node --print "require(\'./package.json\').version")"',
          'npm run --silent release -- --version "$VERSION" --image /tmp/enclave.eif --sign "$RELEASE_KEY" --out /tmp/release > /tmp/release.txt',
          'cat /tmp/release.txt',
          'npm run --silent deploy -- --config "$DEPLOY_CONFIG" --print-live > /tmp/live.txt',
          'export PCR0="$(node --print "JSON.parse(require(\'node:fs\').readFileSync(\'/tmp/release.txt\')).image.pcr0")"',
          'export PCR8="$(node --print "JSON.parse(require(\'node:fs\').readFileSync(\'/tmp/release.txt\')).image.pcr8")"',
          "export LIVE_PCR0=\"$(node --print \"JSON.parse(require('node:fs').readFileSync('/tmp/live.txt'))?.pcr0.join() ?? 'nobody'\")\"",
          "export LIVE_PCR8=\"$(node --print \"JSON.parse(require('node:fs').readFileSync('/tmp/live.txt'))?.pcr8.join() ?? 'nobody'\")\"",
          'export MANIFEST_SHA256="$(sha256sum /tmp/release/release.json | cut -d " " -f 1)"',
        ],
      },
    },
    artifacts: { 'base-directory': '/tmp/release', files: ['**/*'] },
  });
}

/** What a release's manifest says of itself, in the words and the order of {@link APPROVED}. It is DSSE: the payload is in base64. */
const SAID = [
  "const { payload } = JSON.parse(require('node:fs').readFileSync(0));",
  "const { version, image } = JSON.parse(Buffer.from(payload, 'base64'));",
  "version + ' ' + image.pcr0 + ' ' + image.pcr8",
].join(' ');

/**
 * Runs one phase of the deploy command, on the release whose manifest has the digest that was approved. Packages come without their
 * install scripts: what runs here is what the lockfile names.
 *
 * The build wrote what approvers read, and a build runs what nobody has approved: one that told another PCR0 than its release has
 * would have that release approved for it. So each word is compared. The digest is a digest and nothing else, since sha256sum
 * reads lines: one that begins with `#` is a remark.
 */
export function deploySpec(): string {
  return spec({
    env: { shell: 'bash' },
    phases: {
      install: { commands: ['npm ci --ignore-scripts'] },
      build: {
        commands: [
          '[[ "$MANIFEST_SHA256" =~ ^[0-9a-f]{64}$ ]]',
          'echo "$MANIFEST_SHA256  $CODEBUILD_SRC_DIR_Release/release.json" | sha256sum --check --strict',
          `test "$VERSION $PCR0 $PCR8" = "$(node --print "${SAID}" < "$CODEBUILD_SRC_DIR_Release/release.json")"`,
          'ENCLAVE_VAULT_DEPLOY_RELEASE_FOLDER="$CODEBUILD_SRC_DIR_Release" npm run --silent deploy -- --config "$DEPLOY_CONFIG" --phase "$PHASE" --yes',
        ],
      },
    },
  });
}

function spec(parts: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ version: 0.2, ...parts }, null, 2);
}
