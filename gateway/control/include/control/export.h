// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.h"
#include "base/fault.h"

/*
 * What `GET /api/v1/export` asks of the core: a long text, read piece by piece while the client takes it.
 */

// The arguments as they came; NULL where there was none.
struct control_export_wish {
    const char *from, *to, *sensor, *outlet;
};

struct control_export {
    // Loop thread. -EINVAL: an argument is wrong; -ENOENT: what it names does not exist; `why` says which.
    int (*open)(void *context, const struct control_export_wish *wish, void **ret_export, struct fault *why);
    // Never on the loop's thread, and never twice at once for one export: may block on the disk. Fills `piece`, which was
    // cleared. 1: there is more; 0: that was the last; a negative errno: it breaks off here.
    int (*read)(void *export, struct bytes *piece);
    // Loop thread; no read is under way.
    void (*close)(void *export);
};

enum { CONTROL_EXPORT_PIECE_MAX = 512 * 1024, CONTROL_EXPORTS_MAX = 2 };
