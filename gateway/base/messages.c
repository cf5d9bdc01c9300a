// SPDX-License-Identifier: Apache-2.0
#include "base/messages.h"

#include <ctype.h>
#include <libintl.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const char domain[] = "citygw";

// "ja_JP.UTF-8" names ja; "C", "POSIX" and other languages name none of ours.
static const char *language_of(const char *locale)
{
    static const char *const languages[] = {"ja", "en"};
    for (size_t i = 0; locale && i < sizeof languages / sizeof *languages; i++)
        if (strncasecmp(locale, languages[i], 2) == 0 && !isalpha((unsigned char)locale[2]))
            return languages[i];
    return NULL;
}

// The first of the three that names one of ours; "C" names none, so a bare environment leaves the choice to the settings.
static const char *language_of_environment(void)
{
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *language = language_of(getenv(names[i]));
        if (language)
            return language;
    }
    return NULL;
}

// Beside the program (a build folder) or where it was installed.
static void bind_catalogue(void)
{
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - sizeof "/../share/locale");
    if (length <= 0)
        return;
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    if (!slash)
        return;
    strcpy(slash, "/locale");
    if (access(path, R_OK) != 0)
        strcpy(slash, "/../share/locale");
    bindtextdomain(domain, path);
    bind_textdomain_codeset(domain, "UTF-8");
}

void messages_use(const char *fallback)
{
    const char *language = language_of_environment();
    if (!language)
        language = fallback && strcmp(fallback, "ja") == 0 ? "ja" : "en";
    // C.UTF-8 is built into the C library: gettext then obeys LANGUAGE, and numbers keep their point.
    setlocale(LC_ALL, "C.UTF-8");
    setenv("LANGUAGE", language, 1);
    bind_catalogue();
    textdomain(domain); // also makes gettext forget what it looked up in another language
}

const char *message_text(const char *text)
{
    return dgettext(domain, text);
}
