// SPDX-License-Identifier: Apache-2.0
#pragma once

/*
 * The writer thread: takes the group that fills, writes it, syncs it, and publishes what is durable. It also keeps the
 * cursors' file and the limits of size and age, and goes on trying when the disk fails.
 */

void *writer_run(void *buffer);
