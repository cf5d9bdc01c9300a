// SPDX-License-Identifier: Apache-2.0
#include "influxdb_address.h"

#include "base/bytes.h"
#include "base/messages.h"
#include <curl/curl.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { URL_MAX = 8192 };

static void append_escaped(const char *text, struct bytes *out)
{
    char *escaped = curl_easy_escape(NULL, text, 0);
    if (escaped)
        bytes_text(out, escaped);
    else
        out->overflow = true;
    curl_free(escaped);
}

// An identifier of InfluxQL, quoted and then escaped for a query.
static void append_identifier(const char *name, struct bytes *out)
{
    append_escaped("\"", out);
    for (const char *at = name; *at; at++) {
        char c[] = {*at, '\0'};
        if (*at == '"' || *at == '\\')
            append_escaped("\\", out);
        append_escaped(c, out);
    }
    append_escaped("\"", out);
}

// Hands the text over, or NULL when it did not fit.
static char *take_text(struct bytes *text)
{
    bytes_char(text, '\0');
    char *taken = text->overflow ? NULL : (char *)text->data;
    if (!taken)
        bytes_finish(text);
    return taken;
}

static void begin_url(struct bytes *url, const struct settings_influxdb *settings)
{
    size_t size = strlen(settings->url);
    while (size && settings->url[size - 1] == '/')
        size--;
    bytes_init(url, URL_MAX);
    bytes_append(url, settings->url, size);
}

static char *write_url(const struct settings_influxdb *settings)
{
    struct bytes url;
    begin_url(&url, settings);
    if (settings->api == 1) {
        bytes_text(&url, "/write?db=");
        append_escaped(settings->database, &url);
        bytes_text(&url, "&precision=u");
        return take_text(&url);
    }
    bytes_text(&url, "/api/v2/write?org=");
    append_escaped(settings->org, &url);
    bytes_text(&url, "&bucket=");
    append_escaped(settings->bucket, &url);
    bytes_text(&url, "&precision=us");
    return take_text(&url);
}

static char *plain_url(const struct settings_influxdb *settings, const char *path)
{
    struct bytes url;
    begin_url(&url, settings);
    bytes_text(&url, path);
    return take_text(&url);
}

static char *create_form(const struct settings_influxdb *settings)
{
    struct bytes form;
    bytes_init(&form, URL_MAX);
    bytes_text(&form, "q=CREATE%20DATABASE%20");
    append_identifier(settings->database, &form);
    return take_text(&form);
}

static char *part(CURLU *parts, CURLUPart which, unsigned flags)
{
    char *text = NULL;
    return curl_url_get(parts, which, &text, flags) == CURLUE_OK ? text : NULL;
}

// "http://host:port" of a URL that can be a server's, else NULL.
static char *read_label(CURLU *parts)
{
    struct bytes label;
    bytes_init(&label, URL_MAX);
    char *scheme = part(parts, CURLUPART_SCHEME, 0);
    char *host = part(parts, CURLUPART_HOST, 0);
    char *port = part(parts, CURLUPART_PORT, CURLU_DEFAULT_PORT);
    char *query = part(parts, CURLUPART_QUERY, 0);
    char *fragment = part(parts, CURLUPART_FRAGMENT, 0);
    bool web = scheme && (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0);
    if (web && host && port && !query && !fragment)
        bytes_printf(&label, "%s://%s:%s", scheme, host, port);
    else
        label.overflow = true;
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_free(query);
    curl_free(fragment);
    return take_text(&label);
}

char *influxdb_address_label(const char *url)
{
    CURLU *parts = curl_url();
    bool parsed = parts && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK;
    char *label = parsed ? read_label(parts) : NULL;
    curl_url_cleanup(parts);
    return label;
}

int influxdb_address_init(struct influxdb_address *address, const struct settings_influxdb *settings, struct fault *why)
{
    *address = (struct influxdb_address){.label = influxdb_address_label(settings->url)};
    // The message does not quote the URL: it may hold a password.
    if (!address->label)
        return fault_set(why, -EINVAL, _("url: expected http://HOST:PORT or https://HOST:PORT, without ? and #"));
    address->write = write_url(settings);
    address->query = plain_url(settings, "/query");
    address->ping = plain_url(settings, "/ping");
    address->create = create_form(settings);
    if (address->write && address->query && address->create && address->ping)
        return 0;
    influxdb_address_finish(address);
    return fault_set(why, -EINVAL, _("url, database, org and bucket are too long together"));
}

void influxdb_address_finish(struct influxdb_address *address)
{
    free(address->label);
    free(address->write);
    free(address->query);
    free(address->create);
    free(address->ping);
    *address = (struct influxdb_address){0};
}
