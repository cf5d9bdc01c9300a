// SPDX-License-Identifier: Apache-2.0
#include "client.h"

#include "base/messages.h"
#include "base/text.h"
#include <curl/curl.h>
#include <errno.h>
#include <jansson.h>
#include <string.h>

static size_t take_body(char *data, size_t size, size_t count, void *context)
{
    struct bytes *answer = context;
    bytes_append(answer, data, size * count);
    return answer->overflow ? 0 : size * count;
}

// What to do about a gateway that cannot be reached, by what the system said.
static int explain(const char *socket, CURLcode code, long os_errno, struct fault *why)
{
    char shown[150];
    text_escape(socket, strlen(socket), shown, sizeof shown);
    if (code == CURLE_OPERATION_TIMEDOUT)
        return fault_set(why, -ETIMEDOUT,
                         _("the gateway took the question on %s but did not answer in time; look at "
                           "its log with: journalctl -u citygwd"),
                         shown);
    if (code == CURLE_WRITE_ERROR)
        return fault_set(why, -EFBIG, _("the answer on %s is too large"), shown);
    if (code != CURLE_COULDNT_CONNECT)
        return fault_set(why, -EIO, _("no answer from the gateway on %s: %s"), shown, curl_easy_strerror(code));
    if (os_errno == EACCES || os_errno == EPERM)
        return fault_set(why, -EACCES, _("you may not open %s; use sudo, or ask to be put into the group citygw"),
                         shown);
    return fault_set(
        why, os_errno ? -(int)os_errno : -ECONNREFUSED,
        _("no gateway answers on %s (%s); is it running? See: systemctl status citygwd. If it uses another "
          "socket, name it with --socket PATH or its configuration with -c FILE"),
        shown, error_text(os_errno ? (int)os_errno : ECONNREFUSED));
}

static void prepare(CURL *curl, const char *socket, const char *url)
{
    curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
}

// The sentence of an error document, or else the bare status.
static int explain_refusal(long status, const char *path, const struct bytes *answer, size_t before, struct fault *why)
{
    json_t *document = json_loadb((const char *)answer->data + before, answer->used - before, 0, NULL);
    const char *message = json_string_value(json_object_get(document, "message"));
    if (message)
        fault_set(why, 0, "%s", message);
    else
        fault_set(why, 0, _("the gateway answered %ld to %s; is it of another version than this tool?"), status, path);
    json_decref(document);
    return message ? -EREMOTEIO : -EPROTO;
}

static CURLcode perform(CURL *curl, const char *body)
{
    struct curl_slist *headers = body ? curl_slist_append(NULL, "X-Requested-With: citygw") : NULL;
    if (body) {
        headers = curl_slist_append(headers, "Content-Type: application/json");
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    }
    CURLcode code = curl_easy_perform(curl);
    curl_slist_free_all(headers);
    return code;
}

int client_ask(const char *socket, const char *path, const char *body, int timeout_ms, struct bytes *ret_answer,
               struct fault *why)
{
    char url[256];
    size_t before = ret_answer->used;
    CURL *curl = curl_easy_init();
    if (!curl)
        return fault_errno(why, -ENOMEM, _("cannot ask the gateway"));
    snprintf(url, sizeof url, "http://localhost%s", path);
    prepare(curl, socket, url);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, ret_answer);
    CURLcode code = perform(curl, body);
    long os_errno = 0, status = 0;
    curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &os_errno);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    int error = 0;
    if (code != CURLE_OK)
        error = explain(socket, code, os_errno, why);
    else if (status != 200)
        error = explain_refusal(status, path, ret_answer, before, why);
    if (error < 0)
        ret_answer->used = before;
    bytes_char(ret_answer, '\0');
    if (!ret_answer->overflow)
        ret_answer->used--;
    return error;
}

/* An answer of any length. */

enum { SILENCE_MAX_S = 120, REFUSAL_MAX = 4096 };

struct download {
    CURL *curl;
    int (*take)(void *context, const void *data, size_t size);
    void *context;
    int error;            // of `take`
    struct bytes refusal; // the body of what is no 200
};

static size_t take_part(char *data, size_t size, size_t count, void *context)
{
    struct download *download = context;
    long status = 0;
    curl_easy_getinfo(download->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200) {
        bytes_append(&download->refusal, data, size * count);
        return size * count;
    }
    download->error = download->take(download->context, data, size * count);
    return download->error ? 0 : size * count;
}

static int explain_download(struct download *download, const char *socket, const char *path, CURLcode code,
                            struct fault *why)
{
    char shown[150];
    long os_errno = 0, status = 0;
    curl_easy_getinfo(download->curl, CURLINFO_OS_ERRNO, &os_errno);
    curl_easy_getinfo(download->curl, CURLINFO_RESPONSE_CODE, &status);
    if (download->error)
        return download->error; // `take` said why
    if (code != CURLE_OK && status == 200)
        return fault_set(why, -EPIPE,
                         _("the gateway on %s stopped in the middle of its answer; look at its log with: "
                           "journalctl -u citygwd"),
                         text_escape(socket, strlen(socket), shown, sizeof shown));
    if (code != CURLE_OK)
        return explain(socket, code, os_errno, why);
    return status == 200 ? 0 : explain_refusal(status, path, &download->refusal, 0, why);
}

int client_download(const char *socket, const char *path, int (*take)(void *context, const void *data, size_t size),
                    void *context, struct fault *why)
{
    struct bytes url;
    struct download download = {.curl = curl_easy_init(), .take = take, .context = context};
    if (!download.curl)
        return fault_errno(why, -ENOMEM, _("cannot ask the gateway"));
    bytes_init(&url, 8192);
    bytes_init(&download.refusal, REFUSAL_MAX);
    bytes_printf(&url, "http://localhost%s", path);
    bytes_char(&url, '\0');
    prepare(download.curl, socket, url.overflow ? "" : (const char *)url.data);
    curl_easy_setopt(download.curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CLIENT_TIMEOUT_MS);
    curl_easy_setopt(download.curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(download.curl, CURLOPT_LOW_SPEED_TIME, (long)SILENCE_MAX_S);
    curl_easy_setopt(download.curl, CURLOPT_WRITEFUNCTION, take_part);
    curl_easy_setopt(download.curl, CURLOPT_WRITEDATA, &download);
    int error = explain_download(&download, socket, path, curl_easy_perform(download.curl), why);
    curl_easy_cleanup(download.curl);
    bytes_finish(&download.refusal);
    bytes_finish(&url);
    return error;
}
