// SPDX-License-Identifier: Apache-2.0
import { flag, integer, listOf, pemOrFile, type Setting, text } from '@enclave-vault/settings';
import { logDays } from './log-days.ts';

/**
 * Graviton families that run Nitro enclaves (Nitro Enclaves User Guide, "Requirements": all Graviton instances but A1, C7gd,
 * C7gn, G5g, Hpc7g, Im4gn, Is4gen, M7g, M7gd, R7g, R7gd and T4g). Families that are younger than that list are left to who has
 * asked `aws ec2 describe-instance-types --filters Name=nitro-enclaves-support,Values=supported`.
 */
const ENCLAVE_FAMILIES = ['c6g', 'c6gd', 'c6gn', 'c7g', 'm6g', 'm6gd', 'r6g', 'r6gd'];

/** What stays with the parent and the operating system. */
const PARENT_VCPUS = 2;
const PARENT_MIB = 2048;

/** Of the instances with parent and enclave, and of when there are more or fewer of them. */
export const DECRYPTION_SETTINGS = [
  {
    path: 'decryption.min',
    env: 'ENCLAVE_VAULT_DEPLOY_DECRYPTION_MIN',
    doc: 'Instances that always run. A zone without one is served from another.',
    read: integer(1, 100),
    default: 2,
  },
  {
    path: 'decryption.max',
    env: 'ENCLAVE_VAULT_DEPLOY_DECRYPTION_MAX',
    doc: 'Instances at most. A rollout and the daily exchange need room for one more than there are.',
    read: integer(2, 200),
    default: 6,
  },
  {
    path: 'decryption.onDemandBase',
    env: 'ENCLAVE_VAULT_DEPLOY_DECRYPTION_ON_DEMAND_BASE',
    doc: 'How many of them are on demand before any is Spot.',
    read: integer(0, 200),
    default: 2,
  },
  {
    path: 'decryption.onDemandPercent',
    env: 'ENCLAVE_VAULT_DEPLOY_DECRYPTION_ON_DEMAND_PERCENT',
    doc: 'Of those above the base, how many in a hundred are on demand; the others are Spot.',
    read: integer(0, 100, '%'),
    default: 0,
  },
  {
    path: 'decryption.families',
    env: 'ENCLAVE_VAULT_DEPLOY_DECRYPTION_FAMILIES',
    doc: 'Families of Graviton instances to choose from. They must support Nitro Enclaves.',
    read: listOf(text('a family of instance types such as `c7g`', /[a-z]{1,4}\d[a-z]{1,4}/), 1, 30),
    default: ENCLAVE_FAMILIES,
  },
  {
    path: 'decryption.maxVcpus',
    env: 'ENCLAVE_VAULT_DEPLOY_DECRYPTION_MAX_VCPUS',
    doc: 'vCPUs of an instance at most. At least it has four, two more than its enclaves.',
    read: integer(4, 192),
    default: 4,
  },
  {
    path: 'decryption.maxMemoryGib',
    env: 'ENCLAVE_VAULT_DEPLOY_DECRYPTION_MAX_MEMORY_GIB',
    doc: 'Memory of an instance at most.',
    read: integer(8, 1536, 'GiB'),
    default: 32,
  },
  {
    path: 'decryption.enclaves.count',
    env: 'ENCLAVE_VAULT_DEPLOY_DECRYPTION_ENCLAVES_COUNT',
    doc: 'Enclaves on an instance.',
    read: integer(1, 4),
    default: 1,
  },
  {
    path: 'decryption.enclaves.cpuCount',
    env: 'ENCLAVE_VAULT_DEPLOY_DECRYPTION_ENCLAVES_CPU_COUNT',
    doc: 'vCPUs of each.',
    read: integer(1, 64),
    default: 2,
  },
  {
    path: 'decryption.enclaves.memoryMib',
    env: 'ENCLAVE_VAULT_DEPLOY_DECRYPTION_ENCLAVES_MEMORY_MIB',
    doc: 'Memory of each: at least four times the size of the image.',
    read: integer(512, 65_536, 'MiB'),
    default: 1024,
  },
  {
    path: 'decryption.rate.burst',
    env: 'ENCLAVE_VAULT_DEPLOY_DECRYPTION_RATE_BURST',
    doc: 'Records that one enclave opens in a burst, whoever asks: with the next two it bounds what a compromised API gets. PCR16 measures them and the keys’ policies name it, so neither API nor parent raises them. Twice the busiest time that you expect is a good value.',
    read: integer(1, 1_000_000),
    optional: true,
    defaultDoc: 'the program’s own, 2000',
  },
  {
    path: 'decryption.rate.perSecond',
    env: 'ENCLAVE_VAULT_DEPLOY_DECRYPTION_RATE_PER_SECOND',
    doc: 'And so many more with each second.',
    read: integer(1, 100_000),
    optional: true,
    defaultDoc: 'the program’s own, 1000',
  },
  {
    path: 'decryption.rate.perHour',
    env: 'ENCLAVE_VAULT_DEPLOY_DECRYPTION_RATE_PER_HOUR',
    doc: 'But no more than so many in any hour. Of one enclave: of a deployment as many times that as it has enclaves.',
    read: integer(1, 360_000_000),
    optional: true,
    defaultDoc: 'the program’s own, 360000',
  },
  {
    path: 'decryption.keyCache.entries',
    env: 'ENCLAVE_VAULT_DEPLOY_DECRYPTION_KEY_CACHE_ENTRIES',
    doc: 'Records’ private keys that one enclave keeps for a short time after KMS unwrapped them, so that KMS is not asked for each decryption (docs/key-cache.md); 0: none. PCR16 measures this and the next two.',
    read: integer(0, 65_536),
    optional: true,
    defaultDoc: 'the program’s own, 2048',
  },
  {
    path: 'decryption.keyCache.ageSeconds',
    env: 'ENCLAVE_VAULT_DEPLOY_DECRYPTION_KEY_CACHE_AGE_SECONDS',
    doc: 'How long each is kept: for so long a record that was just read can still be read after KMS would refuse its key.',
    read: integer(1, 300, 's'),
    optional: true,
    defaultDoc: 'the program’s own, 60',
  },
  {
    path: 'decryption.keyCache.uses',
    env: 'ENCLAVE_VAULT_DEPLOY_DECRYPTION_KEY_CACHE_USES',
    doc: 'Decryptions that one answer of KMS, and so one line of its log, stands for at most.',
    read: integer(1, 1_000_000),
    optional: true,
    defaultDoc: 'the program’s own, 1000',
  },
  {
    path: 'decryption.ami',
    env: 'ENCLAVE_VAULT_DEPLOY_DECRYPTION_AMI',
    doc: 'An image of Amazon Linux 2023 for arm64 (minimal) to stay with. Without it each instance starts from the newest.',
    read: text('the id of an image', /ami-[0-9a-f]{8,17}/),
    optional: true,
    defaultDoc: 'the newest at each launch',
  },
  {
    path: 'decryption.releasever',
    env: 'ENCLAVE_VAULT_DEPLOY_DECRYPTION_RELEASEVER',
    doc: 'Release of Amazon Linux 2023 that packages are installed from.',
    read: text('a release such as 2023.9.20251110', /2023\.\d{1,3}\.\d{8}/),
    optional: true,
    defaultDoc: 'the release of the image',
  },
  {
    path: 'decryption.volumeGib',
    env: 'ENCLAVE_VAULT_DEPLOY_DECRYPTION_VOLUME_GIB',
    doc: 'Size of an instance’s disk, which is encrypted and holds no data of the vault.',
    read: integer(8, 500, 'GiB'),
    default: 12,
  },
  {
    path: 'decryption.bootSeconds',
    env: 'ENCLAVE_VAULT_DEPLOY_DECRYPTION_BOOT_SECONDS',
    doc: 'Within this time from its first command an instance must serve, or it ends itself. Health checks count from then on.',
    read: integer(120, 1800, 's'),
    default: 420,
  },
  {
    path: 'decryption.settleSeconds',
    env: 'ENCLAVE_VAULT_DEPLOY_DECRYPTION_SETTLE_SECONDS',
    doc: 'How long a new instance serves before an old one goes: until the load balancer has seen it healthy.',
    read: integer(0, 600, 's'),
    default: 120,
  },
  {
    path: 'decryption.tlsRoots',
    env: 'ENCLAVE_VAULT_DEPLOY_DECRYPTION_TLS_ROOTS',
    doc: 'Certificates that KMS’s may chain to. They are measured: another list is another PCR16.',
    read: pemOrFile(),
    optional: true,
    defaultDoc: 'the five roots of Amazon Trust Services',
  },
  {
    path: 'decryption.deletionProtection',
    env: 'ENCLAVE_VAULT_DEPLOY_DECRYPTION_DELETION_PROTECTION',
    doc: 'The load balancer cannot be deleted; `npm run destroy` lifts that.',
    read: flag(),
    default: true,
  },
  {
    path: 'decryption.logDays',
    env: 'ENCLAVE_VAULT_DEPLOY_DECRYPTION_LOG_DAYS',
    doc: 'How long the parents’ log is kept.',
    read: logDays(),
    default: 365,
  },
  {
    path: 'decryption.scaling.busyOut',
    env: 'ENCLAVE_VAULT_DEPLOY_DECRYPTION_SCALING_BUSY_OUT',
    doc: 'One instance more above so many requests under way in an enclave on average. It works on 32 at the same time; a vCPU is taken by one or two.',
    read: integer(1, 96),
    default: 8,
  },
  {
    path: 'decryption.scaling.busyIn',
    env: 'ENCLAVE_VAULT_DEPLOY_DECRYPTION_SCALING_BUSY_IN',
    doc: 'One fewer below this, when the other signals are low as well.',
    read: integer(0, 95),
    default: 2,
  },
  {
    path: 'decryption.scaling.cpuOut',
    env: 'ENCLAVE_VAULT_DEPLOY_DECRYPTION_SCALING_CPU_OUT',
    doc: 'One instance more above this use of the parent’s own vCPUs. Those of enclaves are not in that figure.',
    read: integer(10, 99, '%'),
    default: 60,
  },
  {
    path: 'decryption.scaling.cpuIn',
    env: 'ENCLAVE_VAULT_DEPLOY_DECRYPTION_SCALING_CPU_IN',
    doc: 'One fewer below this, when the other signals are low as well.',
    read: integer(1, 98, '%'),
    default: 25,
  },
  {
    path: 'decryption.scaling.networkOutMib',
    env: 'ENCLAVE_VAULT_DEPLOY_DECRYPTION_SCALING_NETWORK_OUT_MIB',
    doc: 'One instance more above so much received by one in a minute.',
    read: integer(1, 100_000, 'MiB'),
    default: 1500,
  },
  {
    path: 'decryption.scaling.networkInMib',
    env: 'ENCLAVE_VAULT_DEPLOY_DECRYPTION_SCALING_NETWORK_IN_MIB',
    doc: 'One fewer below this, when the other signals are low as well.',
    read: integer(0, 99_999, 'MiB'),
    default: 300,
  },
  {
    path: 'decryption.scaling.minutesIn',
    env: 'ENCLAVE_VAULT_DEPLOY_DECRYPTION_SCALING_MINUTES_IN',
    doc: 'How long all signals must be low before one instance goes.',
    read: integer(5, 60, 'min'),
    default: 15,
  },
] as const satisfies readonly Setting[];

interface DecryptionValues {
  readonly decryption: {
    readonly min: number;
    readonly max: number;
    readonly families: readonly string[];
    readonly maxVcpus: number;
    readonly maxMemoryGib: number;
    readonly enclaves: { readonly count: number; readonly cpuCount: number; readonly memoryMib: number };
    readonly rate: {
      readonly burst?: number | undefined;
      readonly perSecond?: number | undefined;
      readonly perHour?: number | undefined;
    };
    readonly scaling: {
      readonly busyOut: number;
      readonly busyIn: number;
      readonly cpuOut: number;
      readonly cpuIn: number;
      readonly networkOutMib: number;
      readonly networkInMib: number;
    };
  };
}

/** What must hold between them. */
export const DECRYPTION_RULES = [
  {
    settings: ['decryption.max', 'decryption.min'],
    doc: '`decryption.max` is more than `decryption.min`: a rollout puts the new beside the old',
    broken: ({ decryption: { min, max } }: DecryptionValues): boolean => max <= min,
  },
  {
    settings: ['decryption.families'],
    doc: '`decryption.families` are none that lack Nitro Enclaves (A1, C7gd, C7gn, G5g, Hpc7g, Im4gn, Is4gen, M7g, M7gd, R7g, R7gd, T4g)',
    broken: ({ decryption: { families } }: DecryptionValues): boolean =>
      families.some((family) => WITHOUT_ENCLAVES.has(family)),
  },
  {
    settings: ['decryption.enclaves.count', 'decryption.enclaves.cpuCount', 'decryption.maxVcpus'],
    doc: '`decryption.maxVcpus` are two more than all enclaves of an instance have',
    broken: ({ decryption }: DecryptionValues): boolean => leastVcpus(decryption) > decryption.maxVcpus,
  },
  {
    settings: ['decryption.enclaves.memoryMib', 'decryption.enclaves.count', 'decryption.maxMemoryGib'],
    doc: '`decryption.maxMemoryGib` is two GiB more than all enclaves of an instance have',
    broken: ({ decryption }: DecryptionValues): boolean =>
      leastMemoryMib(decryption) > decryption.maxMemoryGib * 1024,
  },
  {
    settings: ['decryption.rate.burst', 'decryption.rate.perSecond', 'decryption.rate.perHour'],
    doc: '`decryption.rate` has all three of its members, or none',
    broken: ({ decryption: { rate } }: DecryptionValues): boolean =>
      new Set([rate.burst, rate.perSecond, rate.perHour].map((one) => one === undefined)).size > 1,
  },
  {
    settings: ['decryption.scaling.busyIn', 'decryption.scaling.cpuIn', 'decryption.scaling.networkInMib'],
    // One of three instances goes when each has 2/3 of a threshold: then each of two has all of it, and one comes back.
    doc: 'each threshold of `decryption.scaling` for fewer instances is at most half of that for more, or they come and go',
    broken: ({ decryption: { scaling } }: DecryptionValues): boolean =>
      scaling.busyIn * 2 > scaling.busyOut ||
      scaling.cpuIn * 2 > scaling.cpuOut ||
      scaling.networkInMib * 2 > scaling.networkOutMib,
  },
];

/** As the Nitro Enclaves User Guide has them. */
const WITHOUT_ENCLAVES: ReadonlySet<string> = new Set([
  ...['a1', 'c7gd', 'c7gn', 'g5g', 'hpc7g', 'im4gn', 'is4gen'],
  ...['m7g', 'm7gd', 'r7g', 'r7gd', 't4g'],
]);

/** As much of the section as says how large an instance is. */
export type DecryptionConfig = Pick<
  DecryptionValues['decryption'],
  'families' | 'maxVcpus' | 'maxMemoryGib' | 'enclaves'
>;

/** vCPUs that an instance needs: those of its enclaves, and two; four in all at least. */
export function leastVcpus({ enclaves }: Pick<DecryptionConfig, 'enclaves'>): number {
  return Math.max(4, enclaves.count * enclaves.cpuCount + PARENT_VCPUS);
}

/** Memory that an instance needs, in MiB: that of its enclaves, and two GiB. */
export function leastMemoryMib({ enclaves }: Pick<DecryptionConfig, 'enclaves'>): number {
  return enclaves.count * enclaves.memoryMib + PARENT_MIB;
}
