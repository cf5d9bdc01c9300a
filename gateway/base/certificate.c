// SPDX-License-Identifier: Apache-2.0
#include "base/certificate.h"

#include "base/bytes.h"
#include "base/files.h"
#include "base/messages.h"
#include <errno.h>
#include <gnutls/x509.h>

enum { FILE_MAX = 1 << 20 };

static const int64_t second_us = 1000000;

static void find_ends(gnutls_x509_crt_t *list, unsigned count, int64_t *ret_first_us, int64_t *ret_last_us)
{
    *ret_first_us = INT64_MAX;
    *ret_last_us = INT64_MIN;
    for (unsigned i = 0; i < count; i++) {
        int64_t end_us = (int64_t)gnutls_x509_crt_get_expiration_time(list[i]) * second_us;
        *ret_first_us = end_us < *ret_first_us ? end_us : *ret_first_us;
        *ret_last_us = end_us > *ret_last_us ? end_us : *ret_last_us;
        gnutls_x509_crt_deinit(list[i]);
    }
}

int certificate_ends(const char *path, int64_t *ret_first_us, int64_t *ret_last_us, struct fault *why)
{
    struct bytes text;
    gnutls_x509_crt_t *list = NULL;
    unsigned count = 0;
    bytes_init(&text, FILE_MAX + 2);
    int error = file_read(path, FILE_MAX, &text, why);
    const gnutls_datum_t pem = {.data = text.data, .size = (unsigned)text.used};
    if (!error && gnutls_x509_crt_list_import2(&list, &count, &pem, GNUTLS_X509_FMT_PEM, 0) < 0)
        error = fault_set(why, -EBADMSG, _("%s holds no certificate that can be read; expected PEM"), path);
    if (!error)
        find_ends(list, count, ret_first_us, ret_last_us);
    gnutls_free(list);
    bytes_finish(&text);
    return error;
}
