#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Puts the parent on an Amazon Linux 2023 instance and starts it. It lies in the parent's archive, whose digest was checked before it was unpacked
# into /opt/enclave-vault; image and settings were checked as well and are in their places: see docs/parent.md. Runs as root, once, at first boot.
set -euo pipefail
umask 022

program=/opt/enclave-vault
settings=/etc/enclave-vault
cd "$program"

# What came out of the archive is what went in: a full disk, for one, is found here.
sha256sum --check --strict --quiet SHA256SUMS

# Settings have no secret in them; but nobody but root needs to write any of this.
chown -R root:root "$program" "$settings"
chmod 0755 "$program" "$settings"

# Users before the files that name them. The parent's may use enclaves, the log's may read the journal.
install -D -m 0644 systemd/enclave-vault.sysusers.conf /usr/lib/sysusers.d/enclave-vault.conf
systemd-sysusers /usr/lib/sysusers.d/enclave-vault.conf

# No core dumps and no reading of other processes' memory, before there is a process that has credentials.
install -D -m 0644 systemd/enclave-vault.sysctl.conf /etc/sysctl.d/60-enclave-vault.conf
sysctl --quiet --load=/etc/sysctl.d/60-enclave-vault.conf

# No key pair and no rule of a security group leads to it; so it need not listen.
systemctl mask --now sshd.service

# CPUs and huge pages for the enclaves are found most easily now, while memory is in one piece.
install -D -m 0644 "$settings/allocator.yaml" /etc/nitro_enclaves/allocator.yaml
systemctl enable --now nitro-enclaves-allocator.service

install -m 0644 systemd/enclave-vault-parent.service systemd/enclave-vault-log.service /etc/systemd/system/
systemctl daemon-reload

# The log has a reader before it has a writer. systemd opens the file before it makes folders of a unit.
install -d -m 0755 /var/log/enclave-vault
systemctl enable --now enclave-vault-log.service
/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl \
  -a fetch-config -m ec2 -s -c "file:$settings/amazon-cloudwatch-agent.json"

systemctl enable --now enclave-vault-parent.service
