// SPDX-License-Identifier: Apache-2.0
#include "outlet/mqtt_login.h"

#include "base/files.h"
#include "base/messages.h"
#include "mqtt_reasons.h"
#include "mqtt_url.h"
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

struct mqtt_login {
    const struct settings_mqtt *settings;
    struct mqtt_url url;
    char *password; // NULL for none
};

int mqtt_login_create(const struct settings_mqtt *settings, struct mqtt_login **ret_login, struct fault *why)
{
    struct mqtt_login *login = calloc(1, sizeof *login);
    if (!login) {
        return fault_set(why, -ENOMEM, _("out of memory"));
    }
    login->settings = settings;
    int error = mqtt_url_parse(settings->url, &login->url, why);
    if (!error && settings->password_file[0]) {
        error = file_read_secret(settings->password_file, &login->password, why);
    }
    if (error) {
        mqtt_login_destroy(login);
        return error;
    }
    *ret_login = login;
    return 0;
}

void mqtt_login_destroy(struct mqtt_login *login)
{
    if (login && login->password) {
        explicit_bzero(login->password, strlen(login->password));
        free(login->password);
    }
    free(login);
}

int mqtt_login_resolve(const struct mqtt_login *login, struct fault *why)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    int error = getaddrinfo(login->url.host, NULL, &hints, &found);
    if (error) {
        return fault_set(why, -EHOSTUNREACH, _("the broker's name %s cannot be resolved: %s"), login->url.host,
                         gai_strerror(error));
    }
    freeaddrinfo(found);
    return 0;
}

int mqtt_login_client(const struct mqtt_login *login, const struct client_options *options, struct client **ret_client,
                      struct fault *why)
{
    char url[MQTT_HOST_SIZE + 32];
    struct client_options all = *options;
    mqtt_url_library(&login->url, url, sizeof url);
    all.url = url;
    all.version = login->settings->version;
    all.client_id = options->client_id ? options->client_id : login->settings->client_id;
    return client_create(&all, ret_client, why);
}

void mqtt_login_connection(const struct mqtt_login *login, struct client_connection *ret_connection)
{
    const struct settings_mqtt *settings = login->settings;
    *ret_connection = (struct client_connection){.username = settings->username[0] ? settings->username : NULL,
                                                 .password = login->password,
                                                 .ca_file = settings->ca_file,
                                                 .cert_file = settings->cert_file,
                                                 .key_file = settings->key_file,
                                                 .tls = login->url.tls,
                                                 .keep_alive_s = (int)(settings->keep_alive_us / 1000000)};
}

int mqtt_login_failure(const struct mqtt_login *login, const struct client_news *news, struct fault *ret_sentence)
{
    int code = news->server_reason > 0 ? news->server_reason : news->code;
    const char *url = login->settings->url, *text = news->text[0] ? news->text : _("no answer");
    if (code > 0) {
        fault_set(ret_sentence, 0, _("%s refuses the connection: %s (0x%02X)"), url, reason_text(code), (unsigned)code);
    } else if (login->url.tls) {
        fault_set(ret_sentence, 0,
                  _("%s cannot be reached or its certificate does not fit (check ca_file, the host name and "
                    "the clock): %s"),
                  url, text);
    } else {
        fault_set(ret_sentence, 0, _("%s cannot be reached: %s"), url, text);
    }
    return code > 0 ? code : 0;
}
