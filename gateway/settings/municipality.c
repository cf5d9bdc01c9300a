// SPDX-License-Identifier: Apache-2.0
#include "municipality.h"

#include "base/messages.h"
#include "base/text.h"
#include "width.h"
#include <errno.h>
#include <stdbool.h>
#include <string.h>

static const struct municipality {
    const char code[MUNICIPALITY_DIGITS + 1];
    const char *name;
} osaka[] = {
    {"270008", "大阪府"},     {"271004", "大阪市"},     {"271403", "堺市"},     {"272027", "岸和田市"},
    {"272035", "豊中市"},     {"272043", "池田市"},     {"272051", "吹田市"},   {"272060", "泉大津市"},
    {"272078", "高槻市"},     {"272086", "貝塚市"},     {"272094", "守口市"},   {"272108", "枚方市"},
    {"272116", "茨木市"},     {"272124", "八尾市"},     {"272132", "泉佐野市"}, {"272141", "富田林市"},
    {"272159", "寝屋川市"},   {"272167", "河内長野市"}, {"272175", "松原市"},   {"272183", "大東市"},
    {"272191", "和泉市"},     {"272205", "箕面市"},     {"272213", "柏原市"},   {"272221", "羽曳野市"},
    {"272230", "門真市"},     {"272248", "摂津市"},     {"272256", "高石市"},   {"272264", "藤井寺市"},
    {"272272", "東大阪市"},   {"272281", "泉南市"},     {"272299", "四條畷市"}, {"272302", "交野市"},
    {"272311", "大阪狭山市"}, {"272329", "阪南市"},     {"273015", "島本町"},   {"273210", "豊能町"},
    {"273228", "能勢町"},     {"273414", "忠岡町"},     {"273619", "熊取町"},   {"273627", "田尻町"},
    {"273660", "岬町"},       {"273813", "太子町"},     {"273821", "河南町"},   {"273830", "千早赤阪村"},
};

// Of five digits: 6, 5, 4, 3, 2 times them, summed; what is missing to a multiple of 11, its last digit.
static char check_digit(const char *digits)
{
    int sum = 0;
    for (int i = 0; i < MUNICIPALITY_DIGITS - 1; i++)
        sum += (6 - i) * (digits[i] - '0');
    return (char)('0' + (11 - sum % 11) % 10);
}

static const char *name_of(const char *code)
{
    for (size_t i = 0; i < sizeof osaka / sizeof *osaka; i++)
        if (strcmp(osaka[i].code, code) == 0)
            return osaka[i].name;
    return NULL;
}

static const char *code_of(const char *name)
{
    for (size_t i = 0; i < sizeof osaka / sizeof *osaka; i++)
        if (strcmp(osaka[i].name, name) == 0)
            return osaka[i].code;
    return NULL;
}

static const char *skip_blanks(const char *text)
{
    char half;
    while (*text == ' ' || *text == '\t' || (width_find(text, &half) == text && half == ' '))
        text += *text == ' ' || *text == '\t' ? 1 : WIDTH_BYTES;
    return text;
}

static int refuse_code(const char *text, size_t digits, struct fault *why)
{
    char shown[80];
    const char *code = code_of(text);
    if (code)
        return fault_set(why, -EINVAL, _("the code is missing; expected %s %s"), code, text);
    if (digits == MUNICIPALITY_DIGITS - 1)
        return fault_set(why, -EINVAL, _("the code \"%.5s\" lacks its check digit; expected %.5s%c"), text, text,
                         check_digit(text));
    return fault_set(why, -EINVAL, _("\"%s\" does not begin with a code; expected six digits such as 271004"),
                     text_escape(text, strlen(text), shown, sizeof shown));
}

int municipality_parse(const char *text, char ret_code[MUNICIPALITY_DIGITS + 1], const char **ret_name,
                       struct fault *why)
{
    char code[MUNICIPALITY_DIGITS + 1] = "", shown[80];
    size_t digits = strspn(text, "0123456789");
    if (digits != MUNICIPALITY_DIGITS)
        return refuse_code(text, digits, why);
    memcpy(code, text, MUNICIPALITY_DIGITS);
    char expected = check_digit(code);
    if (code[MUNICIPALITY_DIGITS - 1] != expected)
        return fault_set(why, -EINVAL, _("the check digit of %s should be %c; expected %.5s%c"), code, expected, code,
                         expected);
    int prefecture = (code[0] - '0') * 10 + code[1] - '0';
    if (prefecture < 1 || prefecture > 47)
        return fault_set(why, -EINVAL,
                         _("no prefecture has the number %.2s; expected a code from 01 to 47, such as 271004"), code);
    const char *given = skip_blanks(text + MUNICIPALITY_DIGITS), *name = name_of(code);
    if (name && *given && strcmp(given, name) != 0)
        return fault_set(why, -EINVAL, _("%s is not \"%s\"; expected %s"), code,
                         text_escape(given, strlen(given), shown, sizeof shown), name);
    memcpy(ret_code, code, sizeof code);
    *ret_name = name ? name : given;
    return 0;
}
